#!/usr/bin/env bash
# HAProxy (Debian's) on loopback before several API processes, or before the nodes of a database.
#   haproxy.sh start WORK PORT SERVER_PORT…   before APIs: a server is out after two failed GET /healthcheck, and in
#                                             again after two good ones
#   haproxy.sh galera WORK PORT SERVER_PORT…  before nodes: the first one that is synced with its cluster gets all
#                                             connections; user haproxy without a password asks it. Connections to a
#                                             node that is out are ended
#   haproxy.sh stop WORK
#   haproxy.sh wipe WORK                      stops it and removes the folder
# It sends again only what reached no server, so no PUT or POST is done twice; bodies stream.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# servers OPTION… -- PORT…: a line for each
servers() {
  local options= port number=0
  while [ "$1" != -- ]; do options+=" $1" && shift; done
  shift
  for port in "$@"; do
    number=$((number + 1))
    echo "  server s$number 127.0.0.1:$port$options$([ "${BACKUPS:-}" = 1 ] && [ $number -gt 1 ] && echo ' backup')"
  done
}

head_of() {
  cat <<C
global
  maxconn 4096
defaults
  log stdout format raw local0
  timeout connect 2s
  timeout client 10m
  timeout server 10m
  timeout http-request 30s
  timeout check 3s
  option redispatch
  retries 2
C
}

api() {
  head_of
  cat <<C
  mode http
  option httplog
  retry-on conn-failure
frontend api
  bind 127.0.0.1:$1
  default_backend glance
backend glance
  balance ${BALANCE:-roundrobin}
  option httpchk
  http-check send meth GET uri /healthcheck hdr host localhost
  http-check expect status 200
  option forwardfor
C
  servers check inter 500ms fastinter 200ms fall 2 rise 2 -- "${@:2}"
}

galera() {
  head_of
  # The check is that of docs/mariadb.md: the packets of a login, a query and the end.
  cat <<C
  mode tcp
frontend sql
  bind 127.0.0.1:$1
  default_backend mariadb
backend mariadb
  option tcp-check
$(sed -n '/^  tcp-check /p' "$here/../../docs/mariadb.md")
C
  BACKUPS=1 servers check inter 300ms fall 2 rise 2 on-marked-down shutdown-sessions \
    on-marked-up shutdown-backup-sessions -- "${@:2}"
}

start() {
  local kind=$1 port=${2:?PORT}
  ! listens "$port" || die "127.0.0.1:$port is taken"
  "$@" >"$WORK/haproxy.cfg"
  haproxy -c -q -f "$WORK/haproxy.cfg"
  spawn haproxy haproxy -db -f "$WORK/haproxy.cfg"
  within 10 listens "$port"
}

verb=${1:-}
[ -n "${2:-}" ] || die 'start WORK PORT SERVER_PORT… | galera WORK PORT SERVER_PORT… | stop WORK | wipe WORK'
enter "$2"
case $verb in
start) start api "${@:3}" ;;
galera) start galera "${@:3}" ;;
stop) end_all ;;
wipe)
  end_all KILL
  rm -rf "$WORK"
  ;;
*) die "$verb is no verb" ;;
esac

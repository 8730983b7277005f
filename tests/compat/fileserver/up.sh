#!/usr/bin/env bash
# Starts an nginx (Debian's) on loopback, as the web server that imports download from.
#   up.sh WORK UPSTREAM       UPSTREAM: the port of loopback to which /behind/ is passed
# Serves WORK/files and the paths of nginx.conf, over http and over https with an untrusted certificate; the user is
# `user`, the password `pass`. Prints the two ports when nginx responds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../keystone/lib.sh"
work=$(mkdir -p "${1:?WORK}" && cd "$1" && pwd)
upstream=${2:?UPSTREAM}
[ ! -e "$work/nginx.pid" ] || die "$work is in use: $work/nginx.pid"
port=$(free_port) tls_port=$(free_port)
mkdir -p "$work/files" "$work/tmp"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
  -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
echo "user:$(openssl passwd -apr1 pass)" >"$work/htpasswd"
sed -e "s|@WORK@|$work|g" -e "s|@PORT@|$port|g" -e "s|@TLS_PORT@|$tls_port|g" -e "s|@UPSTREAM@|$upstream|g" \
  -e "s|@USER@|$(id -un)|g" "$here/nginx.conf" >"$work/nginx.conf"
: >"$work/files/empty"
nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" </dev/null >/dev/null 2>"$work/out" || {
  cat "$work/out" >&2
  die 'nginx does not start'
}
answers "http://127.0.0.1:$port/files/empty" 10 || die "nginx does not answer; see $work/error.log"
echo "$port $tls_port"

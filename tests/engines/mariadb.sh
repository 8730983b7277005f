#!/usr/bin/env bash
# A MariaDB (Debian's) on loopback with everything in a folder of its own: one server, or a Galera cluster.
#   mariadb.sh start WORK PORT [NODES]   the same WORK and PORT start the same server or cluster again
#   mariadb.sh kill WORK NODE            SIGKILL
#   mariadb.sh join WORK NODE            starts a node that was killed; it takes what it missed from the others
#   mariadb.sh stop WORK [SIGNAL]        all nodes; default TERM
#   mariadb.sh wipe WORK                 kills all nodes and removes the folder
# Node N (from 1) listens at PORT+10*(N-1); a cluster uses the three ports after it as well. User root without a
# password may connect from loopback. SETTINGS: more lines for my.cnf. FAST=1: nothing waits for a disk, and a crash of the machine loses data.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# rsync's daemon, which copies a node's state, gives root's rights up: as root the servers run as Debian's user
owner=$(id -un)
[ "$owner" != root ] || owner=mysql
galera=/usr/lib/galera/libgalera_smm.so

port_of() { echo $(($(cat "$WORK/port") + 10 * ($1 - 1))); }

client() {
  local node=$1
  shift
  mariadb --no-defaults --socket="$WORK/n$node/socket" -uroot -N "$@"
}

# configure NODE NODES: writes WORK/nNODE/my.cnf
configure() {
  local folder=$WORK/n$1 port peer peers=
  port=$(port_of "$1")
  # Servers with one number of process, in different containers, would delete each other's temporary tables in /tmp.
  mkdir -p "$folder/tmp"
  chown "$owner" "$folder" "$folder/tmp"
  cat >"$folder/my.cnf" <<C
[mariadbd]
datadir = $folder/data
socket = $folder/socket
pid-file = $folder/pid
port = $port
bind-address = 127.0.0.1
user = $owner
tmpdir = $folder/tmp
skip-name-resolve
skip-log-bin
character-set-server = utf8mb4
max_connections = 500
performance_schema = OFF
innodb_buffer_pool_size = 128M
innodb_log_file_size = 48M
innodb_flush_log_at_trx_commit = $([ "${FAST:-}" = 1 ] && echo 0 || echo 1)
$([ "${FAST:-}" != 1 ] || printf '%s\n' 'innodb_doublewrite = OFF' 'innodb_flush_method = nosync')
C
  printf '%s\n' "${SETTINGS:-}" >>"$folder/my.cnf"
  [ "$2" -gt 1 ] || return 0
  for ((peer = 1; peer <= $2; peer++)); do peers+=${peers:+,}127.0.0.1:$(($(port_of "$peer") + 1)); done
  cat >>"$folder/my.cnf" <<C
binlog_format = ROW
default_storage_engine = InnoDB
innodb_autoinc_lock_mode = 2
wsrep_on = ON
wsrep_provider = $galera
wsrep_cluster_name = oneglance
wsrep_cluster_address = gcomm://$peers
wsrep_node_name = n$1
wsrep_node_address = 127.0.0.1:$((port + 1))
wsrep_node_incoming_address = 127.0.0.1:$port
wsrep_sst_method = rsync
wsrep_sst_receive_address = 127.0.0.1:$((port + 3))
wsrep_slave_threads = 2
wsrep_provider_options = "gmcast.listen_addr=tcp://127.0.0.1:$((port + 1)); ist.recv_addr=127.0.0.1:$((port + 2)); gcache.size=64M; gcache.dir=$folder/data; evs.suspect_timeout=PT3S; evs.inactive_timeout=PT6S"
C
}

run() { spawn "n$1" mariadbd --defaults-file="$WORK/n$1/my.cnf" "${@:2}"; }

# answers NODE QUERY ANSWER
answers() { [ "$(client "$1" -e "$2")" = "$3" ]; }

synced() { answers "$1" "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_local_state_comment'" Synced; }

start() {
  local port=$1 nodes=$2 node first=1 new=
  echo "$port" >"$WORK/port"
  for ((node = 1; node <= nodes; node++)); do
    ! listens "$(port_of "$node")" || die "127.0.0.1:$(port_of "$node") is taken"
    configure "$node" "$nodes"
    [ -d "$WORK/n$node/data" ] || mariadb-install-db --defaults-file="$WORK/n$node/my.cnf" \
      --auth-root-authentication-method=normal --skip-test-db >"$WORK/log/install-n$node" 2>&1 ||
      die "mariadb-install-db: $(tail -n 5 "$WORK/log/install-n$node")"
  done
  if [ "$nodes" -gt 1 ]; then
    # The node that stopped last makes the cluster anew; after a crash of all the first one does.
    for ((node = 1; node <= nodes; node++)); do
      ! grep -qs 'safe_to_bootstrap: 1' "$WORK/n$node/data/grastate.dat" || first=$node
    done
    [ ! -f "$WORK/n$first/data/grastate.dat" ] ||
      sed -i 's/safe_to_bootstrap: 0/safe_to_bootstrap: 1/' "$WORK/n$first/data/grastate.dat"
    new=--wsrep-new-cluster
  fi
  run "$first" $new
  within 60 answers "$first" 'SELECT 1' 1
  for ((node = 1; node <= nodes; node++)); do
    [ "$node" != "$first" ] || continue
    run "$node"
    within 120 synced "$node"
  done
  for ((node = 1; node <= nodes; node++)); do echo "mysql://root@127.0.0.1:$(port_of "$node")/"; done
}

verb=${1:-}
[ -n "${2:-}" ] || die 'start WORK PORT [NODES] | kill WORK NODE | join WORK NODE | stop WORK [SIGNAL] | wipe WORK'
enter "$2"
case $verb in
start) start "${3:?PORT}" "${4:-1}" ;;
kill) end "n${3:?NODE}" KILL ;;
join)
  run "${3:?NODE}"
  within 120 synced "$3"
  ;;
stop) end_all "${3:-}" ;;
wipe)
  end_all KILL
  rm -rf "$WORK"
  ;;
*) die "$verb is no verb" ;;
esac

#!/usr/bin/env bash
# Starts a RabbitMQ (Debian's) on loopback, with all its files in the folder WORK.
#   up.sh WORK [PORT]       PORT default: a free one; the same WORK and PORT start the same broker again
# Leaves in WORK: pid, port, env (for rabbitmqctl), log. Prints the port when the broker responds.
set -euo pipefail
work=$(mkdir -p "${1:?WORK}" && cd "$1" && pwd)
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
port=${2:-$(free_port)}
if [ ! -e "$work/env" ]; then
  # epmd listens on loopback only; every broker has its own epmd, so that tests do not disturb each other.
  cat >"$work/env" <<C
export HOME=$work
export ERL_EPMD_PORT=$(free_port) ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=oneglance@localhost
export RABBITMQ_NODE_PORT=$port RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT=$(free_port)
export RABBITMQ_MNESIA_BASE=$work/mnesia RABBITMQ_LOG_BASE=$work/log RABBITMQ_PID_FILE=$work/pid
export RABBITMQ_ENABLED_PLUGINS_FILE=$work/plugins RABBITMQ_CONFIG_FILE=$work/rabbitmq
export RABBITMQ_CONF_ENV_FILE=$work/none RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 1:1 +sbwt none'
C
  echo '[].' >"$work/plugins"
  printf 'loopback_users = none\nheartbeat = 10\ndisk_free_limit.absolute = 1MB\n' >"$work/rabbitmq.conf"
fi
. "$work/env"
mkdir -p "$work/log" "$work/mnesia"
server=/usr/lib/rabbitmq/bin/rabbitmq-server
setsid "$server" >"$work/out" 2>&1 </dev/null &
echo $! >"$work/server"
# The port opens before the broker is ready; its answer to the AMQP greeting shows that it is.
for _ in $(seq 600); do
  if grep -q 'Server startup complete' "$work"/log/*.log 2>/dev/null && (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; then
    echo "$port"
    exit 0
  fi
  kill -0 "$(cat "$work/server")" 2>/dev/null || break
  sleep 0.1
done
tail -n 30 "$work/out" >&2
echo "rabbitmq does not answer at port $port" >&2
exit 1

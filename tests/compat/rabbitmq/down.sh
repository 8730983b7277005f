#!/usr/bin/env bash
# Stops the RabbitMQ that up.sh started in WORK, and its epmd.
#   down.sh WORK [--wipe]       --wipe also removes WORK
set -uo pipefail
work=${1:?WORK}
[ -e "$work/env" ] || exit 0
. "$work/env"
pid=$(cat "$work/pid" 2>/dev/null)
if [ -n "$pid" ] && kill "$pid" 2>/dev/null; then
  for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null
fi
rm -f "$work"/log/*.log "$work/pid" "$work/server"
epmd -kill >/dev/null 2>&1
[ "${2:-}" != --wipe ] || rm -rf "$work"
exit 0

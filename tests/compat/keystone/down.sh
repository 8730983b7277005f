#!/usr/bin/env bash
# Stops the Keystone that up.sh started in WORK.
#   down.sh WORK [--wipe]       --wipe also removes WORK
set -euo pipefail
. "$(dirname "$0")/lib.sh"
work=${1:?WORK}
stop_pid "$work/uwsgi.pid" 15
if [ "${2:-}" = --wipe ]; then rm -rf "$work"; fi

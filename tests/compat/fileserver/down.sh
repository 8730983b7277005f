#!/usr/bin/env bash
# Stops the nginx that up.sh started in WORK.
#   down.sh WORK [--wipe]       --wipe also removes WORK
set -euo pipefail
. "$(dirname "$0")/../keystone/lib.sh"
work=${1:?WORK}
stop_pid "$work/nginx.pid" 10
if [ "${2:-}" = --wipe ]; then rm -rf "$work"; fi

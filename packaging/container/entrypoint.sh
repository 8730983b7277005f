#!/bin/sh
# Prepares the folders of a container's volume and starts the program. Runs as the user of the container.
set -eu
: "${GLANCE_HOME:=/var/lib/glance}" "${GLANCE_CONFIG:=/etc/glance/glance-api.conf}"
# Private, and on the volume: /tmp of a container is often mounted noexec, and the program maps a file from here.
export TMPDIR="${TMPDIR:-$GLANCE_HOME/tmp}"
mkdir -p "$TMPDIR" "$GLANCE_HOME/images" "$GLANCE_HOME/staging"
chmod 700 "$TMPDIR"
# An empty volume gets its database. One that stands elsewhere is the operator's: run the container with `db sync`.
database=$GLANCE_HOME/glance.db
if [ "${1:-}" = serve ] && [ ! -e "$database" ] && grep -q "^connection *=.*$database" "$GLANCE_CONFIG"; then
  oneglance db sync --config-file "$GLANCE_CONFIG"
fi
exec oneglance "$@"

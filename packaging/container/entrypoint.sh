#!/bin/sh
# Prepares the folders of a container's volume and starts the program. Runs as the user of the container.
set -eu
: "${GLANCE_HOME:=/var/lib/glance}"
# Private, and on the volume: /tmp of a container is often mounted noexec, and the program maps a file from here.
export TMPDIR="${TMPDIR:-$GLANCE_HOME/tmp}"
mkdir -p "$TMPDIR" "$GLANCE_HOME/images" "$GLANCE_HOME/staging"
chmod 700 "$TMPDIR"
exec oneglance "$@"

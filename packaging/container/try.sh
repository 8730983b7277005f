#!/usr/bin/env bash
# Does by hand, without a container engine, what the image does when it starts: an empty volume, the user 42415, the
# entrypoint, one health check, TERM. Needs root and dist/oneglance.
#   packaging/container/try.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || { echo 'try.sh: only root can become the user of the container' >&2; exit 2; }
root=$(mktemp -d)
pid=
cleanup() {
  [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
  rm -rf "$root"
}
trap cleanup EXIT
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
chmod 755 "$root"
install -d -o 42415 -g 42415 -m 750 "$root/glance"
install -D -m 755 dist/oneglance "$root/bin/oneglance"
install -m 755 packaging/container/entrypoint.sh "$root/bin/oneglance-entrypoint"
sed -e "s#/var/lib/glance#$root/glance#" -e "s#^bind_port = .*#bind_port = $port#" \
  packaging/container/glance-api.conf >"$root/glance-api.conf"

as_glance() {
  exec setpriv --reuid 42415 --regid 42415 --clear-groups --no-new-privs \
    env -i "PATH=$root/bin:/usr/bin:/bin" "GLANCE_HOME=$root/glance" "GLANCE_CONFIG=$root/glance-api.conf" \
    oneglance-entrypoint "$@"
}
(cd / && as_glance serve --config-file "$root/glance-api.conf") </dev/null &
pid=$!
end=$((SECONDS + 20))
until curl -fsS -o /dev/null -m 3 "http://127.0.0.1:$port/healthcheck" 2>/dev/null; do
  kill -0 "$pid" 2>/dev/null || { echo 'try.sh: the program has ended' >&2; exit 1; }
  [ $SECONDS -lt $end ] || { echo 'try.sh: no health check within 20 s' >&2; exit 1; }
  sleep 0.1
done
[ "$(stat -c %u "$root/glance/glance.db")" = 42415 ]
kill -TERM "$pid"
wait "$pid" || { echo "try.sh: ended with code $?" >&2; exit 1; }
pid=
echo 'try.sh: started as 42415 on an empty volume, healthy, ended with 0 on TERM'

#!/usr/bin/env bash
# Starts a real Keystone (Debian's, under uWSGI) on loopback with the users of seed.py.
#   up.sh WORK [PORT]       WORK keeps its database and keys; PORT default: a free one
# Leaves in WORK: url (the v3 address), password, clouds.yaml, accounts.yaml, ids.json. Prints the address.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
work=$(mkdir -p "${1:?WORK}" && cd "$1" && pwd)
port=${2:-$(free_port)}
base=http://127.0.0.1:$port
[ ! -e "$work/uwsgi.pid" ] || die "$work is in use: $work/uwsgi.pid"

umask 077
mkdir -p "$work/fernet" "$work/credential"
[ -s "$work/password" ] || head -c 12 /dev/urandom | od -An -t x1 | tr -d ' \n' >"$work/password"
password=$(cat "$work/password")
cat >"$work/keystone.conf" <<C
[DEFAULT]
log_file = $work/keystone.log
use_stderr = false
public_endpoint = $base
[database]
connection = sqlite:///$work/keystone.db
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = $work/fernet
[credential]
key_repository = $work/credential
[identity]
password_hash_algorithm = bcrypt
password_hash_rounds = 4
[cache]
enabled = false
[oslo_policy]
enforce_scope = false
enforce_new_defaults = false
C

manage() { keystone-manage --config-file "$work/keystone.conf" "$@" >>"$work/manage.log" 2>&1 || {
  tail -n 20 "$work/manage.log" >&2
  die "keystone-manage $1"
}; }
me="--keystone-user $(id -un) --keystone-group $(id -gn)"
if [ ! -s "$work/keystone.db" ]; then
  manage db_sync
  # One request of Keystone reads and writes over two connections; without WAL they block each other.
  sqlite3 "$work/keystone.db" 'PRAGMA journal_mode=WAL' >>"$work/manage.log"
  # shellcheck disable=SC2086
  { manage fernet_setup $me; manage credential_setup $me; }
fi
manage bootstrap --bootstrap-username admin --bootstrap-password "$password" --bootstrap-project-name admin \
  --bootstrap-role-name admin --bootstrap-service-name keystone --bootstrap-region-id RegionOne \
  --bootstrap-admin-url "$base/v3" --bootstrap-internal-url "$base/v3" --bootstrap-public-url "$base/v3"

OS_KEYSTONE_CONFIG_FILES=$work/keystone.conf setsid uwsgi --http-socket "127.0.0.1:$port" --plugin python3 \
  --wsgi-file /usr/bin/keystone-wsgi-public --master --lazy-apps --processes 2 --buffer-size 65535 \
  --post-buffering 65536 --add-header 'Connection: close' --die-on-term --disable-logging --chdir "$work" \
  >"$work/uwsgi.log" 2>&1 </dev/null &
echo $! >"$work/uwsgi.pid"
answers "$base/v3" 60 || {
  tail -n 30 "$work/uwsgi.log" >&2
  stop_pid "$work/uwsgi.pid" 5
  die "keystone does not answer at $base"
}
/usr/bin/python3 "$here/seed.py" "$base/v3" "$password" "$work" || {
  stop_pid "$work/uwsgi.pid" 5
  die "keystone could not be seeded"
}
echo "$base/v3" | tee "$work/url"

#!/usr/bin/env bash
# Runs tempest's image tests against a server whose endpoint is in Keystone's catalog.
#   run_tempest.sh KEYSTONE_WORK REGION OUT [REGEX]
# KEYSTONE_WORK is the folder of tests/compat/keystone/up.sh, REGION the server's region in the catalog, OUT the folder
# for the results. ALT=1: the catalog has a second worker as image_remote (stage there, import here).
# The last line is "N passed, N failed, N skipped, N of later features failed"; the exit code is 1 when a test failed
# that expected.txt does not name.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../keystone/lib.sh"
keystone=${1:?KEYSTONE_WORK} region=${2:?REGION} out=$(mkdir -p "${3:?OUT}" && cd "$3" && pwd)
regex=${4:-'^tempest\.api\.image'}
url=$(cat "$keystone/url") password=$(cat "$keystone/password")
mkdir -p "$out/etc" "$out/lock" "$out/www"
rm -rf "$out/.stestr"

# The data for web-download.
head -c 1048576 /dev/urandom >"$out/www/image.bin"
qemu-img create -q -f qcow2 "$out/www/image.qcow2" 10M
port=$(free_port)
/usr/bin/python3 -m http.server "$port" --bind 127.0.0.1 --directory "$out/www" >"$out/http.log" 2>&1 &
http=$!
trap 'kill "$http" 2>/dev/null || true' EXIT

remote=
[ -z "${ALT:-}" ] || remote='alternate_image_endpoint = image_remote'
cat >"$out/etc/tempest.conf" <<C
[DEFAULT]
log_dir = $out
log_file = tempest.log
[oslo_concurrency]
lock_path = $out/lock
[auth]
use_dynamic_credentials = true
create_isolated_networks = false
admin_username = admin
admin_password = $password
admin_project_name = admin
admin_domain_name = Default
tempest_roles = member
[identity]
auth_version = v3
uri_v3 = $url
region = RegionOne
v3_endpoint_type = public
[identity-feature-enabled]
api_v2 = false
api_v3 = true
[service_available]
glance = true
nova = false
neutron = false
cinder = false
swift = false
horizon = false
[image]
region = $region
image_caching_enabled = true
http_image = http://127.0.0.1:$port/image.bin
http_qcow2_image = http://127.0.0.1:$port/image.qcow2
build_interval = 1
build_timeout = 60
disk_formats = ami,ari,aki,vhd,vmdk,raw,qcow2,vdi,iso,vhdx,ploop
container_formats = ami,ari,aki,bare,ovf,ova,docker,compressed
$remote
[image-feature-enabled]
import_image = true
os_glance_reserved = true
manage_locations = true
[scenario]
C

source=$(/usr/bin/python3 -c 'import os, tempest; print(os.path.dirname(os.path.dirname(tempest.__file__)))')
cat >"$out/.stestr.conf" <<C
[DEFAULT]
test_path=$source/tempest/test_discover
top_dir=$source
group_regex=([^\.]*\.)*
C
cd "$out"
stestr=$(command -v stestr || command -v python3-stestr) || die 'stestr is not installed'
export TEMPEST_CONFIG_DIR=$out/etc TEMPEST_CONFIG=tempest.conf PYTHONPATH=$source PYTHON=/usr/bin/python3
began=$SECONDS
# stestr's exit code also counts the tests that expected.txt names; the summary below decides.
timeout "${TEMPEST_TIMEOUT:-900}" "$stestr" run --concurrency 2 "$regex" >"$out/run.log" 2>&1 </dev/null || true
echo "tempest ran $((SECONDS - began)) s"
"$stestr" last --subunit 2>>"$out/run.log" | /usr/bin/python3 "$here/subunit_summary.py" "$here/expected.txt" "$out"

#!/usr/bin/env bash
# @libsql/client 0.18.0 on a `file:` URL: a pragma that `execute` sets holds for one connection of a pool that the API
# does not show. While a `transaction()` is open, `execute` runs on another one, with the defaults: busy_timeout 0, so it
# fails at once where the caller asked it to wait, and synchronous FULL.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund @libsql/client@0.18.0 >/dev/null
cat >seen.mjs <<'JS'
import { createClient } from "@libsql/client";
const db = createClient({ url: "file:t.db" });
const timeout = async () => Object.values((await db.execute("pragma busy_timeout")).rows[0])[0];
const synchronous = async () => Object.values((await db.execute("pragma synchronous")).rows[0])[0];
await db.execute("create table t (a)");
await db.execute("pragma busy_timeout = 5000");
await db.execute("pragma synchronous = 1");
const before = `${await timeout()} and ${await synchronous()}`;
const transaction = await db.transaction("write");
const during = `${await timeout()} and ${await synchronous()}`;
await transaction.commit();
console.log(`before ${before}, during ${during}, after ${await timeout()} and ${await synchronous()}`);
JS
seen=$(node seen.mjs)
echo "busy_timeout and synchronous as execute() sees them, beside an open transaction:"
echo "expected: before 5000 and 1, during 5000 and 1, after 5000 and 1"
echo "seen: $seen"
[ "$seen" = "before 5000 and 1, during 0 and 2, after 5000 and 1" ] || { echo "CHANGED"; exit 1; }

#!/usr/bin/env bash
# Deno 2.4.2: node:https to an address with `servername` (a name that was resolved before) believes neither `ca` nor
# `rejectUnauthorized: false`: every server with an authority of its own is refused. By name the same options work, and
# node and Deno 2.9.6 take them either way.
set -euo pipefail
export DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-mozilla,system}
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out csr.pem 2>/dev/null
printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >ext
openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem 2>/dev/null
cat >server.mjs <<'JS'
import https from "node:https";
import { readFileSync } from "node:fs";
const tls = { key: readFileSync("key.pem"), cert: readFileSync("cert.pem") };
const server = https.createServer(tls, (_request, response) => response.end("ok"));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
JS
cat >seen.mjs <<'JS'
import https from "node:https";
import { readFileSync } from "node:fs";
import process from "node:process";
const byName = { host: "localhost", family: 4 };
const byAddress = { host: "127.0.0.1", servername: "localhost" };
const ask = (options) => new Promise((done) => {
  https.get({ port: process.argv[2], ...options }, (response) => {
    response.resume();
    done(response.statusCode);
  }).on("error", () => done("refused"));
});
const ca = readFileSync("ca.pem");
const seen = [];
for (const [how, target] of Object.entries({ name: byName, address: byAddress })) {
  seen.push(`by ${how} ca ${await ask({ ...target, ca })}, unchecked ${await ask({ ...target, rejectUnauthorized: false })}`);
}
console.log(seen.join("; "));
process.exit(0);
JS
node server.mjs >port & server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until [ -s port ]; do sleep 0.1; done
port=$(cat port)
in_node=$(node seen.mjs "$port")
old=$(npx -y deno@2.4.2 run -A --quiet seen.mjs "$port")
new=$(npx -y deno@2.9.6 run -A --quiet seen.mjs "$port")
right="by name ca 200, unchecked 200; by address ca 200, unchecked 200"
wrong="by name ca 200, unchecked 200; by address ca refused, unchecked refused"
echo "expected: $right, everywhere"
printf 'seen: node %s: %s\n      deno 2.4.2: %s\n      deno 2.9.6: %s\n' "$(node --version)" "$in_node" "$old" "$new"
[ "$in_node" = "$right" ] && [ "$new" = "$right" ] && [ "$old" = "$wrong" ] || { echo "CHANGED"; exit 1; }

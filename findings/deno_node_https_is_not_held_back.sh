#!/usr/bin/env bash
# Deno 2.9.6: an answer of node:https that nobody reads is read from the network all the same, into memory, until it
# ends; node stops at its high-water mark and lets TCP hold the server back. Plain node:http of Deno does stop.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
cat >"$dir/seen.mjs" <<'JS'
import http from "node:http";
import https from "node:https";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

const [, , role, kind, dir, runtime] = process.argv;
const SIZE = 256 << 20;
if (role === "server") {
  // Counts what the sockets take; a server that is held back stands still far below the size.
  let sent = 0;
  const block = Buffer.alloc(1 << 20);
  const serve = (_request, response) => {
    response.writeHead(200, { "content-length": SIZE });
    const more = () => {
      while (sent < SIZE) {
        sent += block.length;
        if (!response.write(block)) return response.once("drain", more);
      }
      response.end();
    };
    more();
  };
  const server = kind === "https"
    ? https.createServer({ key: readFileSync(`${dir}/key.pem`), cert: readFileSync(`${dir}/cert.pem`) }, serve)
    : http.createServer(serve);
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  process.stdin.on("data", () => console.log(sent));
} else {
  const server = spawn("node", [process.argv[1], "server", kind, dir], { stdio: ["pipe", "pipe", "inherit"] });
  let line;
  server.stdout.on("data", (data) => line(String(data).trim()));
  const next = () => new Promise((done) => line = done);
  const port = await next();
  const request = (kind === "https" ? https : http).get({
    host: "localhost", port, family: 4, ca: kind === "https" ? readFileSync(`${dir}/cert.pem`) : undefined,
  });
  await new Promise((done) => request.on("response", (response) => { response.pause(); done(); }));
  await new Promise((done) => setTimeout(done, 4000));
  server.stdin.write("how many\n");
  const sent = Number(await next());
  console.log(sent === SIZE ? "all" : sent <= 64 << 20 ? "held back" : `${sent} bytes`);
  server.kill();
  process.exit(0);
}
JS
run() { "${@:2}" "$dir/seen.mjs" client "$1" "$dir"; }
node_tls=$(run https node)
deno_tls=$(run https npx -y deno@2.9.6 run -A --quiet)
deno_plain=$(run http npx -y deno@2.9.6 run -A --quiet)
echo "a paused answer of 256 MiB, after four seconds:"
echo "expected: held back, everywhere"
echo "seen: node $(node --version) https: $node_tls; deno 2.9.6 https: $deno_tls; deno 2.9.6 http: $deno_plain"
[ "$node_tls" = "held back" ] && [ "$deno_tls" = all ] && [ "$deno_plain" = "held back" ] || { echo "CHANGED"; exit 1; }

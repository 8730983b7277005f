#!/usr/bin/env bash
# Deno 2.9.6: `Deno.serve(...).shutdown()` is documented to wait for requests in flight. It does for answers. A
# request whose body is still arriving is cut: the handler's read fails at once, though the client goes on sending.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cat >"$dir/seen.ts" <<'TS'
let taken = 0;
let end = "";
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  try {
    for await (const chunk of request.body!) taken += chunk.length;
    end = "whole";
  } catch (error) {
    end = `cut: ${(error as Error).message}`;
  }
  return new Response(`${taken}\n`);
});
const conn = await Deno.connect({ hostname: "127.0.0.1", port: (server.addr as Deno.NetAddr).port });
const text = new TextEncoder();
await conn.write(text.encode("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345"));
while (taken < 5) await new Promise((done) => setTimeout(done, 10));
const stopped = server.shutdown();
await new Promise((done) => setTimeout(done, 300));
await conn.write(text.encode("67890")).catch(() => {});
const answer = new Uint8Array(4096);
const got = await conn.read(answer).catch(() => null);
conn.close();
await stopped;
console.log(JSON.stringify({ answered: got !== null && got > 0, end: end.split(":")[0] }));
TS
seen=$(npx -y deno@2.9.6 run -A --quiet "$dir/seen.ts")
echo "expected: the upload that was in flight at shutdown() reaches its handler whole"
echo "seen: $seen"
[ "$seen" = '{"answered":true,"end":"cut"}' ] || { echo "CHANGED"; exit 1; }

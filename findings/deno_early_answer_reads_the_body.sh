#!/usr/bin/env bash
# Deno 2.9.6: a handler that refuses a request without reading its body, with `Connection: close` on the answer, does
# not end the upload: the server goes on reading and dropping what the client sends. Deno 2.4.2 closes after a few MiB.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cat >"$dir/seen.ts" <<'TS'
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () =>
  new Response("no\n", { status: 413, headers: { connection: "close" } }));
const conn = await Deno.connect({ hostname: "127.0.0.1", port: (server.addr as Deno.NetAddr).port });
const MIB = 1 << 20;
const size = 64 * MIB;
await conn.write(new TextEncoder().encode(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`));
const block = new Uint8Array(MIB);
let sent = 0;
try {
  while (sent < size) {
    // A server that has stopped reading fills the buffers of the sockets: then no write ends.
    const late = new Promise<never>((_, fail) => setTimeout(() => fail(new Error("stalled")), 2000));
    sent += await Promise.race([conn.write(block.subarray(0, Math.min(MIB, size - sent))), late]);
  }
} catch { /* the server closed, or reads no more */ }
console.log(sent === size ? "all of 64 MiB" : sent <= 16 * MIB ? "at most 16 MiB" : `${sent} bytes`);
Deno.exit(0);
TS
old=$(DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-mozilla,system} npx -y deno@2.4.2 run -A --quiet "$dir/seen.ts")
new=$(npx -y deno@2.9.6 run -A --quiet "$dir/seen.ts")
echo "expected: the connection ends soon after the 413, on either version"
echo "seen: deno 2.4.2 took $old, deno 2.9.6 took $new"
[ "$old" = "at most 16 MiB" ] && [ "$new" = "all of 64 MiB" ] || { echo "CHANGED"; exit 1; }

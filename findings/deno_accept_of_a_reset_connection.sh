#!/usr/bin/env bash
# Deno 2.4.2 and 2.9.6: a connection that its peer resets while it waits in the backlog makes `listener.accept()` reject
# with NotConnected (os error 107: what the system answers when it is asked for the address of such a peer).
# One expects such a connection to be skipped, or ConnectionAborted as accept(2) names it; a loop that takes every other
# error for the end of the listener stops serving. The listener itself goes on: the next accept works.
set -euo pipefail
export DENO_TLS_CA_STORE=${DENO_TLS_CA_STORE:-mozilla,system}
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cat >"$dir/reset.py" <<'PY'
import socket, struct, sys
for _ in range(5):
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
PY
cat >"$dir/seen.ts" <<'TS'
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const { port } = listener.addr as Deno.NetAddr;
// Nothing is accepted before all of them have come and been reset.
await new Deno.Command("python3", { args: [new URL("reset.py", import.meta.url).pathname, String(port)] }).output();
const seen: Record<string, number> = {};
const late = setTimeout(() => listener.close(), 3000);
for (let count = 0; count < 5; count++) {
  try {
    (await listener.accept()).close();
    seen.accepted = (seen.accepted ?? 0) + 1;
  } catch (error) {
    seen[(error as Error).name] = (seen[(error as Error).name] ?? 0) + 1;
  }
}
const peer = await Deno.connect({ hostname: "127.0.0.1", port });
(await listener.accept()).close();
peer.close();
clearTimeout(late);
console.log(`${JSON.stringify(seen)}, then another is accepted`);
listener.close();
TS
old=$(npx -y deno@2.4.2 run -A --quiet "$dir/seen.ts")
new=$(npx -y deno@2.9.6 run -A --quiet "$dir/seen.ts")
echo "five connections that were reset before they were accepted:"
echo "expected: skipped, or ConnectionAborted"
printf 'seen: deno 2.4.2: %s\n      deno 2.9.6: %s\n' "$old" "$new"
right='{"NotConnected":5}, then another is accepted'
[ "$old" = "$right" ] && [ "$new" = "$right" ] || { echo CHANGED; exit 1; }

/** Connections that their peer resets before the server accepts them cost the others nothing. */
import assert from "node:assert/strict";
import { withBareListener } from "../support/bare_process.ts";
import { wire } from "../support/wire.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

const [AF_INET, SOCK_STREAM, SOL_SOCKET, SO_LINGER] = [2, 1, 1, 13];

/** Connects to the loopback and ends each connection with a reset; Deno itself has no such option on 2.4. */
function reset(port: number, count: number): void {
  const libc = Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const address = new Uint8Array(16);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  address.set([127, 0, 0, 1], 4);
  const atOnce = new Uint8Array(new Int32Array([1, 0]).buffer);
  for (let each = 0; each < count; each++) {
    const socket = libc.symbols.socket(AF_INET, SOCK_STREAM, 0);
    assert.equal(libc.symbols.connect(socket, address, address.length), 0);
    assert.equal(libc.symbols.setsockopt(socket, SOL_SOCKET, SO_LINGER, atOnce, atOnce.length), 0);
    libc.symbols.close(socket);
  }
  libc.close();
}

Deno.test("connections reset before they are accepted close no other and are no lack of files", () =>
  withBareListener(async ({ child, port, said }) => {
    using idle = await wire(port);
    await idle.send(GET);
    assert.equal((await idle.answer()).status, 200);
    // Old enough to be given up for another.
    await new Promise((resolve) => setTimeout(resolve, 500));
    Deno.kill(child.pid, "SIGSTOP");
    reset(port, 20);
    Deno.kill(child.pid, "SIGCONT");
    using after = await wire(port);
    await after.send(GET);
    assert.equal((await after.answer()).status, 200);
    await idle.send(GET);
    assert.equal((await idle.answer()).status, 200);
    assert.doesNotMatch(said(), /exhausted/);
  }));

/** Uploads with `Transfer-Encoding: chunked`, as glance's own client sends them, over real connections. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { uploadHead, type Wire, wire } from "../support/wire.ts";

async function withService(
  set: Record<string, string>,
  action: (server: Served, dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-chunked-" });
  const server = await serve(dir, set);
  try {
    await action(server, dir);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
}

/** Returns a whole body in chunks of these sizes, in turn. */
function inChunks(bytes: Uint8Array, ...sizes: number[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const part = bytes.subarray(at, at + sizes[turn % sizes.length]!);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
    at += part.length;
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

/** Creates an image on this connection; sends head and body separately, as python's http.client does. */
async function create(client: Wire): Promise<string> {
  const text = JSON.stringify({ disk_format: "raw", container_format: "bare", note: "x".repeat(200) });
  const type = "content-type: application/json";
  await client.send(
    `POST /v2/images HTTP/1.1\r\nhost: glance\r\n${type}\r\ncontent-length: ${text.length}\r\n\r\n`,
  );
  await new Promise((resolve) => setTimeout(resolve, 30));
  await client.send(text);
  const answer = await client.answer();
  assert.equal(answer.status, 201);
  return JSON.parse(answer.body).id;
}

function stageHead(id: string): string {
  return uploadHead(id, null).replace("/file ", "/stage ");
}

const MIB = 1 << 20;

Deno.test("one connection takes uploads of all kinds of chunks, and the bytes are those sent", (t) =>
  withService({}, async (server, dir) => {
    using client = await wire(server.port);
    const rows: [string, number, number[]][] = [
      ["of glance's client", 5 * MIB + 3, [65536]],
      ["of Go's client", 5 * MIB, [32768]],
      ["of curl that reads a pipe", 3 * MIB, [65524, 12, 65524, 61452]],
      ["small ones", MIB, [1000]],
      ["of one byte", 3000, [1]],
      ["of odd sizes", 3 * MIB + 1, [1, 4095, 4096, 4097, 70_001, 17]],
      ["that grow from small to large", 4 * MIB, [10, 100, 1000, 10_000, 100_000, 2 * MIB]],
      ["larger than any block", 12 * MIB, [8 * MIB]],
      ["no byte", 0, [1]],
    ];
    for (const [name, length, sizes] of rows) {
      await t.step(`chunks ${name}`, async () => {
        const id = await create(client);
        const bytes = noise(length);
        await client.send(uploadHead(id, null));
        await client.send(inChunks(bytes, ...sizes));
        const answer = await client.answer();
        assert.equal(answer.status, 204);
        assert.doesNotMatch(answer.head, /^connection: close/im);
        assert.equal(Buffer.compare(Deno.readFileSync(`${dir}/images/${id}`), bytes), 0);
        assert.equal((await show(server.url, id)).size, length);
      });
    }
    await t.step("and staged data", async () => {
      const id = await create(client);
      const bytes = noise(3 * MIB + 5);
      await client.send(stageHead(id));
      await client.send(inChunks(bytes, 32768, 5));
      assert.equal((await client.answer()).status, 204);
      assert.equal(Buffer.compare(Deno.readFileSync(`${dir}/staging/${id}`), bytes), 0);
    });
  }));

Deno.test("every error that ends an upload also ends a chunked one, and the image is as before", (t) =>
  withService(
    { OS_ONEGLANCE__BODY_STALL_TIMEOUT: "0.5", OS_DEFAULT__IMAGE_SIZE_CAP: "3000000" },
    async (server, dir) => {
      const begun = inChunks(noise(200_000), 65536).subarray(0, 150_000);
      const rows: [string, Uint8Array, number | null, RegExp][] = [
        ["a stall", begun, 400, /No data came for 0.5 seconds/],
        ["a stall after bytes that came apart", begun.subarray(0, 7), 400, /No data came for 0.5 seconds/],
        ["image_size_cap", inChunks(noise(4_000_000), 65536), 413, /image is too large/],
        ["a broken chunk", Buffer.concat([begun.subarray(0, 65545), Buffer.from("zz\r\n")]), null, /./],
      ];
      for (
        const [head, area] of [[(id: string) => uploadHead(id, null), "images"], [
          stageHead,
          "staging",
        ]] as const
      ) {
        for (const [name, bytes, status, text] of rows) {
          await t.step(`${area}: ${name}`, async () => {
            const id = await newImage(server.url);
            using client = await wire(server.port);
            await client.send(head(id));
            await client.send(bytes).catch(() => {});
            if (status !== null) {
              const answer = await client.answer();
              assert.equal(answer.status, status);
              assert.match(answer.body, text);
            }
            await until("the image is queued", async () => (await show(server.url, id)).status === "queued");
            assert.deepEqual(filesIn(`${dir}/${area}`), []);
          });
        }
      }
    },
  ));

/** Images without a byte, by every upload and import and over a real connection: an empty file is valid data (docs/reference/stores.md §1, docs/reference/images-api.md §2.7). */
import assert from "node:assert/strict";
import { options } from "../support/crash.ts";
import { serveSite } from "../support/imports.ts";
import { filesIn, newImage, serve, type Served, show, until } from "../support/served.ts";

const MD5 = "d41d8cd98f00b204e9800998ecf8427e";
const OCTETS = "content-type: application/octet-stream\r\n";

/** Sends one request byte for byte and returns the status of the response. */
async function raw(
  { port }: Served,
  method: string,
  path: string,
  headers: string,
  body = "",
): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const text = `${method} ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n${body}`;
  await connection.write(new TextEncoder().encode(text));
  const bytes = new Uint8Array(4096);
  const read = await connection.read(bytes) ?? 0;
  return Number(/^HTTP\/1\.1 (\d+)/.exec(new TextDecoder().decode(bytes.subarray(0, read)))?.[1]);
}

const FRAMES: [name: string, headers: string, body: string][] = [
  ["no body at all", "", ""],
  ["Content-Length: 0", "content-length: 0\r\n", ""],
  ["chunked", "transfer-encoding: chunked\r\n", "0\r\n\r\n"],
  ["with the size declared", "content-length: 0\r\nx-openstack-image-size: 0\r\n", ""],
];

async function isEmptyImage({ url }: Served, id: string, stores: string): Promise<void> {
  await until("the image is active", async () => (await show(url, id)).status === "active");
  await until("its import ends", async () => !("os_glance_import_task" in await show(url, id)));
  const image = await show(url, id);
  assert.deepEqual([image.size, image.checksum, image.stores], [0, MD5, stores]);
  const response = await fetch(`${url}/v2/images/${id}/file`);
  assert.deepEqual([response.status, await response.text()], [200, ""]);
}

async function importIt({ url }: Served, id: string, body: unknown): Promise<void> {
  const response = await fetch(`${url}/v2/images/${id}/import`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 202, await response.text());
}

Deno.test("images without a byte", async (t) => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-empty-" });
  const server = await serve(dir, options(dir));
  try {
    for (const [name, headers, body] of FRAMES) {
      await t.step(`PUT file, ${name}`, async () => {
        const id = await newImage(server.url);
        assert.equal(await raw(server, "PUT", `/v2/images/${id}/file`, OCTETS + headers, body), 204);
        await isEmptyImage(server, id, "a");
      });
      await t.step(`PUT stage, ${name}, and its import`, async () => {
        const id = await newImage(server.url);
        assert.equal(await raw(server, "PUT", `/v2/images/${id}/stage`, OCTETS + headers, body), 204);
        const { status, size } = await show(server.url, id);
        assert.deepEqual([status, size], ["uploading", 0]);
        await importIt(server, id, { method: { name: "glance-direct" }, stores: ["a", "c"] });
        await isEmptyImage(server, id, "a,c");
      });
    }
    await t.step("web-download, then copy-image", async () => {
      await using web = serveSite(() => new Response(null, { headers: { "content-length": "0" } }));
      const id = await newImage(server.url);
      await importIt(server, id, { method: { name: "web-download", uri: web.url } });
      await isEmptyImage(server, id, "a");
      await importIt(server, id, { method: { name: "copy-image" }, stores: ["b"] });
      await isEmptyImage(server, id, "a,b");
    });
    assert.deepEqual(filesIn(`${dir}/staging`), []);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

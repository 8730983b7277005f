/** Clients that disconnect, stall, declare wrong sizes or send unwanted data, over real connections. */
import assert from "node:assert/strict";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { uploadHead, type Wire, wire } from "../support/wire.ts";
import { mayMount, mountSmall, unmount } from "../stores/scratch.ts";

async function withService(
  set: Record<string, string>,
  action: (server: Served, images: string, dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-clients-" });
  const server = await serve(dir, set);
  try {
    await action(server, `${dir}/images`, dir);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
}

/** Checks that the image is as before the upload, without a file on disk, and that another upload succeeds. */
async function assertPutBack(server: Served, images: string, id: string): Promise<void> {
  await until("the image is queued", async () => (await show(server.url, id)).status === "queued");
  const { size, checksum, os_hash_value } = await show(server.url, id);
  assert.deepEqual([size, checksum, os_hash_value], [null, null, null]);
  assert.deepEqual(filesIn(images), []);
  using client = await wire(server.port);
  await client.send(uploadHead(id, 5) + "again");
  assert.equal((await client.answer()).status, 204);
  await fetch(`${server.url}/v2/images/${id}`, { method: "DELETE" });
}

/** Begins an upload and waits until the service has begun it too. */
async function begin(
  server: Served,
  head: (id: string) => string,
  bytes: Uint8Array,
): Promise<[string, Wire]> {
  const id = await newImage(server.url);
  const client = await wire(server.port);
  await client.send(head(id));
  await client.send(bytes);
  await until("the upload runs", async () => (await show(server.url, id)).status === "saving");
  return [id, client];
}

const chunk = (bytes: Uint8Array) => {
  const head = new TextEncoder().encode(`${bytes.length.toString(16)}\r\n`);
  return Uint8Array.from([...head, ...bytes, 13, 10]);
};

Deno.test("a client that leaves in the middle", async (t) => {
  await withService({}, async (server, images) => {
    for (const [name, length] of [["with a length", 1_000_000], ["chunked", null]] as const) {
      await t.step(name, async () => {
        const bytes = noise(300_000);
        const [id, client] = await begin(
          server,
          (id) => uploadHead(id, length),
          length === null ? chunk(bytes) : bytes,
        );
        client[Symbol.dispose]();
        await assertPutBack(server, images, id);
      });
    }
  });
});

Deno.test("an invalid chunk: the connection ends, the image is put back", () =>
  withService({}, async (server, images) => {
    const [id, client] = await begin(server, (id) => uploadHead(id, null), chunk(noise(1000)));
    await client.send("zz\r\n");
    await assertPutBack(server, images, id);
    client[Symbol.dispose]();
  }));

Deno.test("declared sizes that differ from the data", async (t) => {
  await withService({}, async (server, images) => {
    const row = (name: string, head: (id: string) => string, body: string, status: number, text: RegExp) =>
      t.step(`${name} → ${status}`, async () => {
        const id = await newImage(server.url);
        using client = await wire(server.port);
        await client.send(head(id) + body);
        const answer = await client.answer();
        assert.equal(answer.status, status);
        assert.match(answer.body, text);
        await assertPutBack(server, images, id);
      });
    const size = (value: string) => ({ "x-openstack-image-size": value });
    await row(
      "fewer bytes than X-OpenStack-Image-Size",
      (id) => uploadHead(id, 5, size("9")),
      "12345",
      400,
      /Size mismatch: expected 9 bytes, got 5 bytes/,
    );
    await row(
      "more bytes than X-OpenStack-Image-Size",
      (id) => uploadHead(id, 5, size("3")),
      "12345",
      400,
      /Size exceeds: expected 3 bytes, got 5 bytes/,
    );
    await row(
      "chunked, fewer than X-OpenStack-Image-Size",
      (id) => uploadHead(id, null, size("9")),
      "5\r\n12345\r\n0\r\n\r\n",
      400,
      /Size mismatch: expected 9 bytes, got 5 bytes/,
    );
  });
});

Deno.test("a client that stalls is given up after body_stall_timeout", () =>
  withService({ OS_ONEGLANCE__BODY_STALL_TIMEOUT: "0.5" }, async (server, images) => {
    for (const sent of [0, 100_000]) {
      const [id, client] = await begin(server, (id) => uploadHead(id, 1_000_000), noise(sent));
      const answer = await client.answer();
      assert.equal(answer.status, 400);
      assert.match(answer.body, /No data came for 0.5 seconds/);
      client[Symbol.dispose]();
      await assertPutBack(server, images, id);
    }
  }));

Deno.test("another caller deletes the image meanwhile: 204 for the deletion, 410 for the upload", () =>
  withService({}, async (server, images) => {
    const bytes = noise(500_000);
    const [id, client] = await begin(
      server,
      (id) => uploadHead(id, bytes.length),
      bytes.subarray(0, 200_000),
    );
    assert.equal((await fetch(`${server.url}/v2/images/${id}`, { method: "DELETE" })).status, 204);
    await client.send(bytes.subarray(200_000));
    const answer = await client.answer();
    client[Symbol.dispose]();
    assert.equal(answer.status, 410);
    assert.match(answer.body, /may have been deleted during the upload/);
    assert.deepEqual(filesIn(images), []);
  }));

Deno.test("refused early, with 100 MB unread: the response comes at once and ends the connection", async (t) => {
  const set = { OS_DEFAULT__IMAGE_SIZE_CAP: "1000000" };
  await withService(set, async (server, images) => {
    const big = 100 << 20;
    const active = await newImage(server.url);
    using first = await wire(server.port);
    await first.send(uploadHead(active, 4) + "data");
    assert.equal((await first.answer()).status, 204);
    const queued = await newImage(server.url);
    const formless = await newImage(server.url, { disk_format: null });
    const type = (text: string) => (head: string) => head.replace("application/octet-stream", text);
    const rows: [string, string, (head: string) => string, number][] = [
      ["image is active", active, (head) => head, 409],
      ["wrong media type", queued, type("text/plain"), 415],
      ["declared size above image_size_cap", queued, (head) => head, 413],
      ["no formats", formless, (head) => head, 400],
      ["no such image", crypto.randomUUID(), (head) => head, 404],
      [
        "size header is not a number",
        queued,
        (head) => head.replace("\r\n\r\n", "\r\nx-openstack-image-size: x\r\n\r\n"),
        400,
      ],
    ];
    for (const [name, id, change, status] of rows) {
      await t.step(`${name} → ${status}`, async () => {
        using client = await wire(server.port);
        await client.send(change(uploadHead(id, big)));
        // Meanwhile the client sends as fast as the system accepts data.
        let sent = 0;
        const flood = (async () => {
          const block = new Uint8Array(1 << 16);
          for (; sent < big; sent += block.length) await client.send(block);
        })().catch(() => {});
        const answer = await client.answer();
        const before = sent;
        client[Symbol.dispose]();
        await flood;
        assert.equal(answer.status, status);
        assert.match(answer.head, /^connection: close$/im);
        assert.ok(before < big, "the answer came only when all was sent");
      });
    }
    assert.deepEqual(filesIn(images), [active]);
    assert.equal((await show(server.url, queued)).status, "queued");
  });
});

Deno.test({
  name: "a full disk: 413, and nothing left",
  ignore: !await mayMount(),
  fn: async () => {
    const dir = await Deno.makeTempDir({ prefix: "oneglance-clients-" });
    await mountSmall(`${dir}/images`, "2m");
    const server = await serve(dir);
    try {
      const bytes = noise(6_000_000);
      for (const length of [bytes.length, null]) {
        const id = await newImage(server.url);
        using client = await wire(server.port);
        await client.send(uploadHead(id, length));
        const sending = client.send(length === null ? chunk(bytes) : bytes).catch(() => {});
        const answer = await client.answer();
        assert.equal(answer.status, 413);
        assert.match(answer.body, /Image storage media is full/);
        client[Symbol.dispose]();
        await sending;
        await assertPutBack(server, `${dir}/images`, id);
      }
    } finally {
      await server.crash();
      await unmount(`${dir}/images`);
      await Deno.remove(dir, { recursive: true });
    }
  },
});

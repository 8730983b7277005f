/** After kill -9 in an upload an image is complete or `queued`, and no file is left that no image speaks of. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { uploadHead, wire } from "../support/wire.ts";

const SIZE = 24 << 20;

/** When the process is killed: after how many bytes of the body, and how many ms later. */
interface Moment {
  sent: number;
  wait: number;
}

/** Ten moments: before the first byte, in the middle, at the end, and while the image is being completed. */
function moments(commitMillis: number): Moment[] {
  const somewhere = () => Math.floor(Math.random() * SIZE);
  const committing = [0, 0.2, 0.5, 0.9].map((part) => ({ sent: SIZE, wait: commitMillis * part }));
  return [
    { sent: 0, wait: 0 },
    { sent: 1000, wait: 30 },
    { sent: somewhere(), wait: 0 },
    { sent: somewhere(), wait: 50 },
    { sent: somewhere(), wait: Math.random() * 20 },
    { sent: SIZE - 1, wait: 0 },
    ...committing,
  ];
}

/** Sends an upload as far as `moment` says. */
async function uploadUntil(server: Served, id: string, bytes: Uint8Array, { sent, wait }: Moment) {
  const client = await wire(server.port);
  await client.send(uploadHead(id, bytes.length));
  await client.send(bytes.subarray(0, sent));
  await new Promise((resolve) => setTimeout(resolve, wait));
  return client;
}

async function put(server: Served, id: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(`${server.url}/v2/images/${id}/file`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  assert.equal(response.status, 204, await response.text());
}

async function assertComplete(server: Served, id: string, bytes: Uint8Array): Promise<void> {
  const image = await show(server.url, id);
  const hash = (name: string) => createHash(name).update(bytes).digest("hex");
  assert.equal(image.status, "active");
  assert.equal(image.size, bytes.length);
  assert.equal(image.checksum, hash("md5"));
  assert.equal(image.os_hash_value, hash("sha512"));
  const data = await (await fetch(`${server.url}/v2/images/${id}/file`)).bytes();
  assert.ok(Buffer.from(data).equals(bytes), "other bytes come back than went in");
}

/** Complete or queued, whichever; true when complete. */
async function assertWholeOrNot(server: Served, images: string, id: string, bytes: Uint8Array, when: string) {
  const { status, size, checksum } = await show(server.url, id);
  if (status === "active") {
    await assertComplete(server, id, bytes);
    return true;
  }
  assert.deepEqual([status, size, checksum], ["queued", null, null], when);
  assert.ok(!filesIn(images).some((name) => name.includes(id)), `${when}: ${filesIn(images)}`);
  return false;
}

Deno.test("kill -9 at ten moments of an upload", async (t) => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  const images = `${dir}/images`;
  const bytes = noise(SIZE);
  let server = await serve(dir);
  try {
    const first = await newImage(server.url);
    const client = await uploadUntil(server, first, bytes, { sent: SIZE, wait: 0 });
    const began = performance.now();
    assert.equal((await client.answer()).status, 204);
    const commitMillis = performance.now() - began;
    client[Symbol.dispose]();
    const kept = [first];
    for (const moment of moments(commitMillis)) {
      const when = `after ${moment.sent} bytes and ${moment.wait.toFixed(1)} ms`;
      await t.step(when, async () => {
        const id = await newImage(server.url);
        const client = await uploadUntil(server, id, bytes, moment);
        await server.crash();
        client[Symbol.dispose]();
        server = await serve(dir);
        if (!await assertWholeOrNot(server, images, id, bytes, when)) {
          await put(server, id, bytes);
          await assertComplete(server, id, bytes);
        }
        kept.push(id);
        assert.deepEqual(filesIn(images), kept.toSorted(), when);
      });
    }
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("kill -9 with several uploads at once, one of an image that was deleted meanwhile", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  const images = `${dir}/images`;
  const bytes = noise(6 << 20);
  let server = await serve(dir);
  try {
    const ids = await Promise.all(Array.from({ length: 6 }, () => newImage(server.url)));
    const sent = [0, 1, 1 << 20, 5 << 20, bytes.length - 1, bytes.length];
    const clients = await Promise.all(
      ids.map((id, at) => uploadUntil(server, id, bytes, { sent: sent[at]!, wait: 0 })),
    );
    const [deleted] = ids.splice(2, 1);
    const response = await fetch(`${server.url}/v2/images/${deleted}`, { method: "DELETE" });
    assert.equal(response.status, 204);
    await server.crash();
    for (const client of clients) client[Symbol.dispose]();
    assert.ok(filesIn(images).length >= 4, "nothing was under way");

    server = await serve(dir);
    const complete: string[] = [];
    for (const id of ids) {
      if (await assertWholeOrNot(server, images, id, bytes, id)) complete.push(id);
    }
    assert.deepEqual(filesIn(images), complete.toSorted());
    await until("the log says it", () => server.log().includes("was broken off; it can be uploaded again"));
    await Promise.all(ids.filter((id) => !complete.includes(id)).map((id) => put(server, id, bytes)));
    for (const id of ids) await assertComplete(server, id, bytes);
    assert.deepEqual(filesIn(images), ids.toSorted());
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("half-written files of dead processes that no lease speaks of are swept at start", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  const images = `${dir}/images`;
  let server = await serve(dir);
  try {
    const id = await newImage(server.url);
    const client = await uploadUntil(server, id, noise(2000), { sent: 1000, wait: 100 });
    const [temporary] = filesIn(images);
    await server.crash();
    client[Symbol.dispose]();
    const orphan = temporary!.replace(id, "nobody");
    await Deno.rename(`${images}/${temporary}`, `${images}/${orphan}`);
    server = await serve(dir);
    const line = `removed what a dead process left half-written: ${images}/${orphan}`;
    await until("the log says it", () => server.log().includes(line));
    assert.deepEqual(filesIn(images), []);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

/** After kill -9 in an upload an image is complete or `queued`, and no file without an image is left. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { assertSettled, put, seen, SIZE, table } from "../support/crash.ts";
import { Dice } from "../support/random.ts";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";
import { uploadHead, wire } from "../support/wire.ts";

/** Sends the first bytes of an upload. */
async function uploadUntil(server: Served, id: string, bytes: Uint8Array, sent: number) {
  const client = await wire(server.port);
  await client.send(uploadHead(id, bytes.length));
  await client.send(bytes.subarray(0, sent));
  return client;
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

/** Checks that the image is complete or queued; returns true when complete. */
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

/** The bytes after which the client falls silent, or a state that the test waits for after all bytes. */
type Moment = number | "sent" | "written" | "named" | "answered";

/** The seed for the points at which uploads stop; `CRASH_SEED` repeats a run. */
const SEED = Number(Deno.env.get("CRASH_SEED") ?? Date.now());
console.log(`upload_crash: CRASH_SEED=${SEED}`);
const dice = new Dice(SEED);
const somewhere = () => 1 + dice.below(SIZE - 2);
const MOMENTS: Moment[] = [
  ...[0, 1000, somewhere(), somewhere(), somewhere(), SIZE - 1],
  ...["sent", "written", "named", "answered"] as const,
];

/** Returns the size of the image's file in the store, also under its temporary name. */
function sizeOf(images: string, id: string): number {
  try {
    const name = filesIn(images).find((each) => each.includes(id));
    return name === undefined ? -1 : Deno.statSync(`${images}/${name}`).size;
  } catch {
    // The file got its final name in this moment.
    return -1;
  }
}

Deno.test("kill -9 at ten moments of an upload", async (t) => {
  const bytes = noise(SIZE);
  await table(
    t,
    MOMENTS,
    (moment) => typeof moment === "number" ? `after ${moment} bytes` : `all is ${moment}`,
    async (server, dir, moment) => {
      const images = `${dir}/a`;
      const id = await newImage(server.url);
      const client = await uploadUntil(server, id, bytes, typeof moment === "number" ? moment : SIZE);
      if (typeof moment === "number") {
        await seen("what was sent is written", () => sizeOf(images, id) === moment);
      } else if (moment === "written") await seen(moment, () => sizeOf(images, id) === SIZE);
      else if (moment === "named") await seen(moment, () => filesIn(images).includes(id));
      else if (moment === "answered") assert.equal((await client.answer()).status, 204);
      return async (again) => {
        client[Symbol.dispose]();
        const status = await assertSettled(again, dir, id, bytes, ["active", "queued"]);
        if (typeof moment === "number") assert.equal(status, "queued");
        if (moment === "answered") assert.equal(status, "active");
        if (status === "queued") await put(again, id, "file", bytes);
        await assertComplete(again, id, bytes);
      };
    },
    { together: (moment) => typeof moment === "number" ? "lasts" : moment },
  );
});

Deno.test("kill -9 with several uploads at once, one to an image that was deleted meanwhile", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  const images = `${dir}/images`;
  const bytes = noise(6 << 20);
  let server = await serve(dir);
  try {
    const ids = await Promise.all(Array.from({ length: 6 }, () => newImage(server.url)));
    const sent = [0, 1, 1 << 20, 5 << 20, bytes.length - 1, bytes.length];
    const clients = await Promise.all(
      ids.map((id, at) => uploadUntil(server, id, bytes, sent[at]!)),
    );
    const begun = (id: string) => filesIn(images).some((name) => name.includes(id));
    await seen("all are in progress", () => ids.every(begun));
    const [deleted] = ids.splice(2, 1);
    const response = await fetch(`${server.url}/v2/images/${deleted}`, { method: "DELETE" });
    assert.equal(response.status, 204);
    await server.crash();
    for (const client of clients) client[Symbol.dispose]();

    server = await serve(dir);
    const complete: string[] = [];
    for (const id of ids) {
      if (await assertWholeOrNot(server, images, id, bytes, id)) complete.push(id);
    }
    assert.deepEqual(filesIn(images), complete.toSorted());
    await until("the log says it", () => server.log().includes("was interrupted; it can be uploaded again"));
    await Promise.all(ids.filter((id) => !complete.includes(id)).map((id) => put(server, id, "file", bytes)));
    for (const id of ids) await assertComplete(server, id, bytes);
    assert.deepEqual(filesIn(images), ids.toSorted());
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("the start removes half-written files of dead processes without a lease", async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  const images = `${dir}/images`;
  let server = await serve(dir);
  try {
    const id = await newImage(server.url);
    const client = await uploadUntil(server, id, noise(2000), 1000);
    await seen("a file", () => filesIn(images).length > 0);
    const [temporary] = filesIn(images);
    await server.crash();
    client[Symbol.dispose]();
    const orphan = temporary!.replace(id, "nobody");
    await Deno.rename(`${images}/${temporary}`, `${images}/${orphan}`);
    server = await serve(dir);
    const line = `removed a half-written file of a dead process: ${images}/${orphan}`;
    await until("the log says it", () => server.log().includes(line));
    assert.deepEqual(filesIn(images), []);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

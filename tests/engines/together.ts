/**
 * What holds with several processes on one database and one set of stores as it does with one: every check sends
 * requests to the processes in turn, and looks at the API and the files afterwards.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { options, partOf, site, STORES } from "../support/crash.ts";
import { filesIn, newImage, noise, serve, type Served, show, until } from "../support/served.ts";

/** Seconds until a dead process's work is taken over. */
const LEASE = 2;
/** Seconds for what takes a moment on an idle machine. */
const PATIENCE = 60;
/** Bytes that all images may have together, and of one in the race for them. */
const QUOTA = 40 << 20;
const PART = QUOTA / 5;

export interface Together extends AsyncDisposable {
  dir: string;
  servers: Served[];
  /** Returns the next of them, round and round. */
  next(): Served;
  /** Starts one again that has ended. */
  restart(at: number): Promise<void>;
}

/** Starts a process for each connection, all on the stores below `dir`. */
export async function startTogether(dir: string, connections: readonly string[]): Promise<Together> {
  const start = (at: number) =>
    serve(`${dir}/process${at}`, {
      ...options(dir),
      OS_DATABASE__CONNECTION: connections[at]!,
      OS_DEFAULT__USER_STORAGE_QUOTA: `${QUOTA}B`,
      OS_DEFAULT__IMAGE_TAG_QUOTA: "10",
      OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER: "log",
      // A node of a cluster answers what was written at another one.
      OS_DATABASE__MYSQL_WSREP_SYNC_WAIT: "1",
    });
  const servers: Served[] = [];
  for (const at of connections.keys()) servers.push(await start(at));
  let turn = 0;
  return {
    dir,
    servers,
    next: () => servers[turn++ % servers.length]!,
    async restart(at) {
      servers[at] = await start(at);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.crash()));
    },
  };
}

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

/** Sends a request; returns the status. */
async function ask(url: string, method: string, body?: BodyInit, type?: string): Promise<number> {
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  const response = await fetch(url, { method, body, headers });
  await response.body?.cancel();
  return response.status;
}

const put = (server: Served, id: string, bytes: Uint8Array<ArrayBuffer>, what = "file") =>
  ask(`${server.url}/v2/images/${id}/${what}`, "PUT", bytes, "application/octet-stream");

const post = (server: Served, id: string, body: unknown) =>
  ask(`${server.url}/v2/images/${id}/import`, "POST", JSON.stringify(body), "application/json");

const count = (statuses: readonly number[]) =>
  Object.fromEntries([...Map.groupBy(statuses, (status) => status)].map(([key, all]) => [key, all.length]));

/** Waits until no task works on the image; returns it. */
async function settled({ next }: Together, id: string): Promise<Record<string, unknown>> {
  let image: Record<string, unknown> = {};
  await until(`${id} has settled`, async () => {
    image = await show(next().url, id);
    return !("os_glance_import_task" in image) && !["importing", "saving"].includes(String(image.status));
  }, PATIENCE);
  return image;
}

/** The same image and the same bytes from every process, and the files of just the stores that it names. */
async function assertWhole(together: Together, id: string, bytes: Uint8Array): Promise<void> {
  for (const { url } of together.servers) {
    const image = await show(url, id);
    assert.deepEqual([image.status, image.size, image.checksum], ["active", bytes.length, md5(bytes)], url);
    const data = await (await fetch(`${url}/v2/images/${id}/file`)).bytes();
    assert.ok(Buffer.from(data).equals(bytes), "other bytes come back than went in");
    for (const store of STORES) {
      const names = filesIn(`${together.dir}/${store}`).filter((name) => name.includes(id));
      assert.deepEqual(names, String(image.stores).split(",").includes(store) ? [id] : [], store);
    }
  }
}

/** Waits until no store and no staging folder has a file of the image. */
async function assertNoFile({ dir }: Together, id: string): Promise<void> {
  const left = () =>
    [...STORES, "staging"].filter((name) => filesIn(`${dir}/${name}`).some((file) => file.includes(id)));
  await until(`no file of ${id} is left`, () => left().length === 0, PATIENCE);
}

/** Each is created at one process, uploaded at the next, whole at all. */
async function uploads(together: Together): Promise<void> {
  const all = await Promise.all(Array.from({ length: 12 }, async () => {
    const id = await newImage(together.next().url);
    const bytes = noise(1 << 18);
    assert.equal(await put(together.next(), id, bytes), 204);
    return { id, bytes };
  }));
  for (const { id, bytes } of all) await assertWhole(together, id, bytes);
}

/** Forty callers upload to one image, each with bytes of its own: one gets 204, and its bytes are the image's. */
async function uploadRace(together: Together): Promise<void> {
  const id = await newImage(together.next().url);
  const callers = await Promise.all(Array.from({ length: 40 }, async () => {
    const bytes = noise(1 << 16);
    return { bytes, status: await put(together.next(), id, bytes) };
  }));
  assert.deepEqual(count(callers.map(({ status }) => status)), { 204: 1, 409: 39 });
  await assertWhole(together, id, callers.find(({ status }) => status === 204)!.bytes);
}

/** Forty callers create the same image: one gets 201. */
async function createRace(together: Together): Promise<void> {
  const id = crypto.randomUUID();
  const statuses = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      ask(
        `${together.next().url}/v2/images`,
        "POST",
        JSON.stringify({ id, name: `n${at}`, tags: ["a", "b"] }),
      )),
  );
  assert.deepEqual(count(statuses), { 201: 1, 409: 39 });
  const names = await Promise.all(together.servers.map(async ({ url }) => (await show(url, id)).name));
  assert.equal(new Set(names).size, 1);
}

/** Forty callers import one staged image to all stores: one gets 202, one task runs. */
async function importRace(together: Together): Promise<void> {
  const id = await newImage(together.next().url);
  const bytes = noise(1 << 20);
  assert.equal(await put(together.next(), id, bytes, "stage"), 204);
  const direct = { method: { name: "glance-direct" }, all_stores: true };
  const statuses = await Promise.all(Array.from({ length: 40 }, () => post(together.next(), id, direct)));
  assert.deepEqual(count(statuses), { 202: 1, 409: 39 });
  const image = await settled(together, id);
  assert.equal(String(image.stores).split(",").length, STORES.length);
  await assertWhole(together, id, bytes);
  assert.deepEqual(filesIn(`${together.dir}/staging`).filter((name) => name.includes(id)), []);
  const { tasks } = await (await fetch(`${together.next().url}/v2/images/${id}/tasks`)).json();
  assert.deepEqual(tasks.map(({ status }: { status: string }) => status), ["success"]);
}

/** Downloads from the web that all processes work on at once. */
async function imports(together: Together): Promise<void> {
  const bytes = noise(1 << 18);
  const web = site(() => new Response(bytes));
  try {
    const method = { name: "web-download", uri: `${web.url}/image` };
    const ids = await Promise.all(Array.from({ length: 12 }, async () => {
      const id = await newImage(together.next().url);
      assert.equal(await post(together.next(), id, { method }), 202);
      return id;
    }));
    for (const id of ids) {
      await settled(together, id);
      await assertWhole(together, id, bytes);
    }
  } finally {
    await web.close();
  }
}

/** Forty callers delete one image: one gets 204, nothing is left. */
async function deletionRace(together: Together): Promise<void> {
  const id = await newImage(together.next().url);
  assert.equal(await put(together.next(), id, noise(1 << 16)), 204);
  const statuses = await Promise.all(
    Array.from({ length: 40 }, () => ask(`${together.next().url}/v2/images/${id}`, "DELETE")),
  );
  const found = count(statuses);
  assert.equal(found[204], 1, JSON.stringify(found));
  assert.ok(
    Object.keys(found).every((status) => ["204", "404", "409"].includes(status)),
    JSON.stringify(found),
  );
  for (const { url } of together.servers) assert.equal(await ask(`${url}/v2/images/${id}`, "GET"), 404);
  await assertNoFile(together, id);
}

/** Callers at different processes stay below the quota of bytes, and below that of the tags of an image. */
async function quotas(together: Together): Promise<void> {
  const uploaded = await Promise.all(Array.from({ length: 8 }, async () => {
    const id = await newImage(together.next().url);
    return { id, status: await put(together.next(), id, noise(PART)) };
  }));
  assert.deepEqual(count(uploaded.map(({ status }) => status)), { 204: QUOTA / PART, 413: 3 });
  for (const { id, status } of uploaded) {
    assert.equal((await show(together.next().url, id)).status, status === 204 ? "active" : "queued");
    assert.equal(await ask(`${together.next().url}/v2/images/${id}`, "DELETE"), 204);
    await assertNoFile(together, id);
  }
  const id = await newImage(together.next().url);
  const statuses = await Promise.all(
    Array.from({ length: 30 }, (_, at) => ask(`${together.next().url}/v2/images/${id}/tags/t${at}`, "PUT")),
  );
  assert.deepEqual(count(statuses), { 204: 10, 413: 20 });
  assert.equal(((await show(together.next().url, id)).tags as string[]).length, 10);
}

/** Each of these changes is sent as one notification, whichever process sends it. */
async function notifications(together: Together): Promise<void> {
  const ids = await Promise.all(Array.from({ length: 30 }, () => newImage(together.next().url)));
  await Promise.all(ids.map((id) => ask(`${together.next().url}/v2/images/${id}/tags/t`, "PUT")));
  const sent = (type: string, id: string) =>
    together.servers.flatMap((server) => server.log().split("\n"))
      .filter((line) => line.includes(`oslo.messaging.notification.${type}`) && line.includes(id)).length;
  await until("every change is sent", () => ids.every((id) => sent("image.create", id) > 0), PATIENCE);
  assert.deepEqual(ids.map((id) => sent("image.create", id)).filter((times) => times !== 1), []);
}

/** A process dies in an upload and in an import: within a lease another puts the image back, or ends the import. */
async function death(together: Together): Promise<void> {
  const [dies, ...live] = together.servers as [Served, ...Served[]];
  const [uploading, importing] = [await newImage(live[0]!.url), await newImage(live[0]!.url)];
  const bytes = noise(1 << 20);
  const half = (): Promise<Response> => Promise.withResolvers<Response>().promise;
  let begun = 0;
  const web = site(() => begun++ === 0 ? partOf(bytes, 1 << 19, () => {}) : new Response(bytes));
  try {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, 1 << 19)),
      pull: async () => void await half(),
    });
    const upload = ask(`${dies.url}/v2/images/${uploading}/file`, "PUT", body, "application/octet-stream")
      .catch(() => {});
    assert.equal(
      await post(dies, importing, { method: { name: "web-download", uri: `${web.url}/image` } }),
      202,
    );
    await until("both are under way", async () => {
      const [one, two] = await Promise.all([uploading, importing].map((id) => show(live[0]!.url, id)));
      return one!.status === "saving" && two!.status === "importing" && begun === 1;
    }, PATIENCE);
    await dies.crash();
    await upload;
    await until(
      "the upload is put back",
      async () => (await show(live[0]!.url, uploading)).status === "queued",
      LEASE + PATIENCE,
    );
    await until(
      "the import has ended",
      async () => !("os_glance_import_task" in await show(live[0]!.url, importing)),
      LEASE + PATIENCE,
    );
    await together.restart(0);
    await assertNoFile(together, uploading);
    assert.equal(await put(together.next(), uploading, bytes), 204);
    await assertWhole(together, uploading, bytes);
    const { status } = await settled(together, importing);
    if (status === "active") await assertWhole(together, importing, bytes);
    else assert.equal(status, "queued");
  } finally {
    await web.close();
  }
}

export const CHECKS: Record<string, (together: Together) => Promise<void>> = {
  // First, while nothing counts against the quota.
  "quotas are kept": quotas,
  "uploads at all of them": uploads,
  "forty callers upload to one image: one winner": uploadRace,
  "forty callers create one image: one winner": createRace,
  "forty callers import one image: one winner": importRace,
  "imports at all of them": imports,
  "forty callers delete one image: nothing is left": deletionRace,
  "each change is sent once": notifications,
  "another takes over from one that dies in an upload and in an import": death,
};

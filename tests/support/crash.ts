/** Kills the program (SIGKILL) in the middle of its work and checks what must be true within one lease after its restart. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { filesIn, serve, type Served, show, until } from "./served.ts";

/** Bytes of an image: enough that a kill can fall between the first and the last byte. */
export const SIZE = 12 << 20;
const LEASE = 2;
/** How long to wait (seconds) for what takes a moment on an idle machine. */
const PATIENCE = 60;
export const STORES = ["a", "b", "c"];

/** Options of a service with the stores a, b and c; it may send requests to loopback. */
export function options(dir: string): Record<string, string> {
  const stores = STORES.map((id) => [`OS_${id.toUpperCase()}__FILESYSTEM_STORE_DATADIR`, `${dir}/${id}`]);
  return {
    OS_DEFAULT__ENABLED_BACKENDS: STORES.map((id) => `${id}:file`).join(","),
    OS_GLANCE_STORE__DEFAULT_BACKEND: "a",
    OS_OS_GLANCE_STAGING_STORE__FILESYSTEM_STORE_DATADIR: `${dir}/staging`,
    OS_IMPORT_FILTERING_OPTS__ALLOWED_PORTS: "[]",
    OS_ONEGLANCE__OUTBOUND_ALLOWED_NETWORKS: "127.0.0.0/8",
    OS_ONEGLANCE__TASK_LEASE_TIMEOUT: String(LEASE),
    // Enough that no task waits for another.
    OS_TASKFLOW_EXECUTOR__MAX_WORKERS: "30",
    ...Object.fromEntries(stores),
  };
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A point that a source reaches; `promise` rejects when the source does not reach it in time. */
export function moment(): { reached: () => void; promise: Promise<void> } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error("the source was not asked so far")), PATIENCE * 1000);
  return { promise: promise.finally(() => clearTimeout(timer)), reached: resolve };
}

/** Sends a request with a body; fails the test unless the response is a success. */
async function send(server: Served, method: string, path: string, body: BodyInit, type: string) {
  const response = await fetch(server.url + path, { method, headers: { "content-type": type }, body });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
}

export const put = (server: Served, id: string, what: "file" | "stage", bytes: Uint8Array<ArrayBuffer>) =>
  send(server, "PUT", `/v2/images/${id}/${what}`, bytes, "application/octet-stream");

/** Sends a POST with JSON. A server that dies meanwhile is no failure: the test kills it. */
export async function postJson(
  server: Served,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  let response: Response;
  try {
    response = await fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  } catch {
    return;
  }
  const text = await response.text().catch(() => "");
  assert.ok(response.ok, `${path}: ${response.status} ${text}`);
}

/** POST import, as `postJson` does it. */
export const post = (server: Served, id: string, body: unknown, headers: Record<string, string> = {}) =>
  postJson(server, `/v2/images/${id}/import`, body, headers);

/**
 * Responds with the first `sent` bytes and calls `reached` when the reader has taken them. The response ends only when
 * `sent` is all of `bytes`; else it stays open and silent.
 */
export function partOf(bytes: Uint8Array, sent: number, reached: () => void): Response {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < sent) return controller.enqueue(bytes.subarray(at, at = Math.min(sent, at + 65536)));
      reached();
      if (sent === bytes.length) return controller.close();
      return new Promise<void>(() => {});
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-length": String(bytes.length) } });
}

/** A web server on loopback. `close` does not wait for unfinished responses. */
export function site(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`,
    close: async () => void await Promise.race([server.shutdown(), pause(100)]),
  };
}

/** Polls `done` without a pause, so that it cannot miss a short-lived state; throws when it never sees it. */
export async function seen(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + PATIENCE * 1000;
  while (!await done()) {
    if (Date.now() > end) throw new Error(`not seen: ${what}`);
    await pause(0);
  }
}

export async function tasksOf(server: Served, id: string): Promise<{ status: string; message: string }[]> {
  return (await (await fetch(`${server.url}/v2/images/${id}/tasks`)).json()).tasks;
}

/** Whether a file of a store holds the expected data. */
type Holds = (path: string) => Promise<boolean>;

/** Waits until all work on the image has ended, then checks that the image is complete or as before. */
export async function assertSettled(
  server: Served,
  dir: string,
  id: string,
  data: Uint8Array | Holds,
  allowed: string[],
): Promise<string> {
  const holds = data instanceof Uint8Array
    ? async (path: string) => Buffer.from(await Deno.readFile(path)).equals(data)
    : data;
  await until("the task has ended", async () => {
    const image = await show(server.url, id);
    const tasks = await tasksOf(server, id);
    return !("os_glance_import_task" in image) && !["importing", "saving"].includes(String(image.status)) &&
      tasks.every(({ status }) => status === "success" || status === "failure");
  }, LEASE + PATIENCE / 2);
  const image = await show(server.url, id);
  const status = String(image.status);
  assert.ok(allowed.includes(status), `${status}: ${JSON.stringify(image)}`);
  assert.ok(!image.os_glance_importing_to_stores, "stores are still to do");
  const stores = String(image.stores ?? "").split(",").filter((store) => store !== "");
  for (const store of STORES) {
    const names = filesIn(`${dir}/${store}`).filter((name) => name.includes(id));
    assert.deepEqual(names, stores.includes(store) ? [id] : [], `store ${store}`);
    if (names.length > 0) assert.ok(await holds(`${dir}/${store}/${id}`), `other data in store ${store}`);
  }
  const staged = filesIn(`${dir}/staging`).filter((name) => name.includes(id));
  assert.deepEqual(staged, status === "uploading" ? [id] : [], "staging");
  if (status === "queued") assert.deepEqual([image.size, image.checksum], [null, null]);
  return status;
}

/** Options of a table of kills. */
interface TableOptions<M> {
  /** Further options as `OS_GROUP__OPTION`, for the data directory. */
  set?: (dir: string) => Record<string, string>;
  /**
   * Rows with the same key run together and share one kill, because a restart takes far longer than anything else. Use
   * it for states that last, because the source sends nothing more.
   */
  together?: (row: M) => unknown;
}

/** For each row: calls `run`, kills the server, starts it again, and calls what `run` returned. One data directory. */
export async function table<M>(
  t: Deno.TestContext,
  rows: readonly M[],
  name: (row: M) => string,
  run: (server: Served, dir: string, row: M) => Promise<(server: Served) => Promise<void>>,
  { set: more = () => ({}), together = (row) => row }: TableOptions<M> = {},
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-crash-" });
  const set = { ...options(dir), ...more(dir) };
  const kills = Map.groupBy(rows, together).values();
  let server = await serve(dir, set);
  try {
    for (const kill of kills) {
      const begun = await Promise.allSettled(kill.map((row) => run(server, dir, row)));
      await server.crash();
      server = await serve(dir, set);
      for (const [index, row] of kill.entries()) {
        await t.step(name(row), async () => {
          const check = begun[index]!;
          if (check.status === "rejected") throw check.reason;
          await check.value(server);
        });
      }
    }
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
}

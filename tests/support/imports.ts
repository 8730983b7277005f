/** Imports in tests: options with several stores, web servers to download from, waiting for the end. */
import assert from "node:assert/strict";
import { OWNER, startService, type TestService, type Who } from "./service.ts";

export const FORMATS = { disk_format: "raw", container_format: "bare" };

/** Options of a service with the stores a, b and c. */
export const THREE_STORES: Record<string, string> = {
  "DEFAULT.enabled_backends": "a:file,b:file,c:file",
  "glance_store.default_backend": "a",
  "a.filesystem_store_datadir": "{dir}/a",
  "b.filesystem_store_datadir": "{dir}/b",
  "c.filesystem_store_datadir": "{dir}/c",
};

export function threeStores(options: Record<string, string> = {}): Promise<TestService> {
  return startService({ ...THREE_STORES, ...options });
}

/** PUT stage; fails the test unless 204. */
export async function stage(
  service: TestService,
  id: string,
  bytes: Uint8Array | string,
  who: Who = OWNER,
): Promise<void> {
  const response = await service.ask(`/v2/images/${id}/stage`, who, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  assert.equal(response.status, 204, await response.text());
}

/** POST import; returns the response. */
export function postImport(
  service: TestService,
  id: string,
  body: unknown,
  who: Who = OWNER,
  headers: Record<string, string> = {},
): Promise<Response> {
  return service.ask(`/v2/images/${id}/import`, who, { method: "POST", body, headers });
}

/** Imports and waits for the end; returns the image and the import's task. */
export async function importNow(service: TestService, id: string, body: unknown, who: Who = OWNER) {
  const before = new Set((await tasksOf(service, id, who)).map((task) => task.id));
  const response = await postImport(service, id, body, who);
  assert.equal(response.status, 202, await response.text());
  await service.deps.background.settled();
  const { image, task } = await outcome(service, id, who);
  // Tasks of one second have no order on MariaDB.
  const made = (await tasksOf(service, id, who)).find((each) => !before.has(each.id));
  return { image, task: made ?? task };
}

// deno-lint-ignore no-explicit-any -- JSON of the API
async function tasksOf(service: TestService, id: string, who: Who): Promise<any[]> {
  const response = await service.ask(`/v2/images/${id}/tasks`, who);
  return response.status === 200 ? (await response.json()).tasks : (await response.body?.cancel(), []);
}

export async function outcome(service: TestService, id: string, who: Who = OWNER) {
  const image = await (await service.ask(`/v2/images/${id}`, who)).json();
  const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, who)).json();
  return { image, task: tasks.at(-1) };
}

/** A staged image, ready for glance-direct. */
export async function staged(service: TestService, bytes: Uint8Array | string, more = {}) {
  const image = await service.create(OWNER, { ...FORMATS, ...more });
  await stage(service, image.id, bytes);
  return image.id;
}

export interface Site extends AsyncDisposable {
  url: string;
}

/** A web server on loopback. */
export function serveSite(handler: (request: Request) => Response | Promise<Response>): Site {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  return {
    url: `http://127.0.0.1:${(server.addr as Deno.NetAddr).port}`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
    },
  };
}

/** From now on this file store refuses data. */
export async function breakStore(service: TestService, id: string): Promise<void> {
  await Deno.remove(`${service.dir}/${id}`, { recursive: true });
}

export async function nothingInProgress(service: TestService): Promise<void> {
  assert.deepEqual(await service.deps.db.read.tasks.leases({}), []);
  assert.deepEqual(await service.deps.db.read.uploads.list(), []);
  assert.deepEqual([...Deno.readDirSync(`${service.dir}/staging`)].map(({ name }) => name), []);
}

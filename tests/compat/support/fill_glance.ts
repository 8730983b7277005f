/** Fills a real Glance with images of every state, through its API, and with what only old data holds, in its tables. */
import assert from "node:assert/strict";
import { CALLERS, headersOf } from "./every_get.ts";

/** Runs statements on the database. */
export type Execute = (sql: string) => Promise<unknown>;

const OWNER = CALLERS.owner;
const ADMIN = CALLERS.admin;

async function ask(base: string, token: string, method: string, path: string, body?: unknown, type?: string) {
  const isRaw = body instanceof Uint8Array;
  const response = await fetch(base + path, {
    method,
    headers: {
      ...headersOf(token),
      "Content-Type": type ?? (isRaw ? "application/octet-stream" : "application/json"),
    },
    body: body === undefined ? undefined : isRaw ? body as Uint8Array<ArrayBuffer> : JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text === "" ? null : JSON.parse(text);
}

const VISIBILITIES = ["private", "shared", "community", "public"];
const NAMES = [
  "image",
  "Image",
  "IMAGE",
  "Straße",
  "übung",
  "名前",
  "",
  " lead",
  "trail ",
  "a,b",
  "100%",
  "under_score",
];
const TAGS = ["blue", "Blue", "red", "grün", "with space", "a/b"];
const DISKS = ["raw", "qcow2", "iso", "ari"];
const STATES = [
  "queued",
  "active",
  "deactivated",
  "staged",
  "deleted",
  "both stores",
  "gone data",
  "rejected",
] as const;

/** What the states make of a new image. */
const INTO: Record<(typeof STATES)[number], (base: string, id: string, at: number) => Promise<void>> = {
  queued: async () => {},
  active: upload,
  async deactivated(base, id, at) {
    await upload(base, id, at);
    await ask(base, ADMIN, "POST", `/v2/images/${id}/actions/deactivate`);
  },
  async staged(base, id) {
    await ask(base, OWNER, "PUT", `/v2/images/${id}/stage`, new Uint8Array(64));
  },
  async deleted(base, id, at) {
    await upload(base, id, at);
    await ask(base, OWNER, "DELETE", `/v2/images/${id}`);
  },
  async "both stores"(base, id) {
    await ask(base, OWNER, "PUT", `/v2/images/${id}/stage`, new Uint8Array(100));
    const body = { method: { name: "glance-direct" }, stores: ["first", "second"] };
    await ask(base, OWNER, "POST", `/v2/images/${id}/import`, body);
    for (;;) {
      const { status } = await ask(base, OWNER, "GET", `/v2/images/${id}`);
      if (status === "active") return;
      assert.ok(["uploading", "importing"].includes(status), status);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
  async "gone data"(base, id, at) {
    await upload(base, id, at);
  },
  async rejected(base, id, at) {
    await upload(base, id, at);
    await ask(base, OWNER, "PATCH", `/v2/images/${id}`, [
      { op: "replace", path: "/name", value: "changed" },
      { op: "add", path: "/later", value: "x".repeat(1000) },
      { op: "replace", path: "/tags", value: ["red"] },
    ], "application/openstack-images-v2.1-json-patch");
  },
};

async function upload(base: string, id: string, at: number): Promise<void> {
  await ask(base, OWNER, "PUT", `/v2/images/${id}/file`, new Uint8Array(at * 13).fill(at % 256));
}

/** Makes `count` images and returns their ids. */
export async function fillGlance(base: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const state = STATES[at % STATES.length]!;
    const visibility = VISIBILITIES[(at >> 3) % VISIBILITIES.length]!;
    const name = NAMES[at % NAMES.length]!;
    const { id } = await ask(base, OWNER, "POST", "/v2/images", {
      ...(at % 11 === 5 ? {} : { name: `${name} ${at % 30}` }),
      ...(at % 5 === 0 && state === "queued" ? {} : {
        disk_format: DISKS[at % 4] === "ari" ? "ari" : DISKS[at % 4],
        container_format: DISKS[at % 4] === "ari" ? "ari" : "bare",
      }),
      visibility: visibility === "public" ? "private" : visibility,
      tags: TAGS.filter((_, bit) => (at >> bit) % 3 === 1),
      os_hidden: at % 17 === 3,
      min_disk: at % 4,
      os_type: at % 2 === 0 ? "linux" : "Linux",
      empty: "",
      unicode: "grüße 世界",
      number: `${at}`,
    });
    ids.push(id);
    if (visibility === "public") {
      await ask(base, ADMIN, "PATCH", `/v2/images/${id}`, [{
        op: "replace",
        path: "/visibility",
        value: "public",
      }], "application/openstack-images-v2.1-json-patch");
    }
    if (visibility === "shared") await share(base, id, at);
    await INTO[state](base, id, at);
    if (at % 19 === 7 && state !== "deleted") {
      await ask(base, OWNER, "PATCH", `/v2/images/${id}`, [{
        op: "replace",
        path: "/protected",
        value: true,
      }], "application/openstack-images-v2.1-json-patch");
    }
  }
  await fillMetadefs(base);
  return ids;
}

async function share(base: string, id: string, at: number): Promise<void> {
  await ask(base, OWNER, "POST", `/v2/images/${id}/members`, { member: "p2" });
  await ask(base, OWNER, "POST", `/v2/images/${id}/members`, { member: "P-other" });
  const status = ["accepted", "pending", "rejected"][at % 3]!;
  if (status !== "pending") await ask(base, CALLERS.member, "PUT", `/v2/images/${id}/members/p2`, { status });
  if (at % 4 === 1) await ask(base, OWNER, "DELETE", `/v2/images/${id}/members/P-other`);
}

async function fillMetadefs(base: string): Promise<void> {
  for (let at = 0; at < 8; at++) {
    const visibility = at % 2 === 0 ? "public" : "private";
    const namespace = `NS::Test::${at}`;
    await ask(base, ADMIN, "POST", "/v2/metadefs/namespaces", {
      namespace,
      display_name: `Test ${at}`,
      description: "grüße",
      visibility,
      protected: at === 3,
      owner: at % 3 === 0 ? "p1" : "cloud",
      properties: { size: { title: "Size", type: "integer", minimum: at } },
      objects: [{
        name: "Thing",
        description: "d",
        required: ["a"],
        properties: { a: { title: "A", type: "string" } },
      }],
      tags: [{ name: "alpha" }, { name: "Beta" }],
      resource_type_associations: [{
        name: `OS::Test::Type${at % 2}`,
        prefix: "p_",
        properties_target: "image",
      }],
    });
  }
}

/** States that no request leaves behind, and rows of old releases. `{id n}`: the nth image. */
const OLD_ROWS = [
  "UPDATE images SET status = 'saving' WHERE id = '{id 0}'",
  "UPDATE images SET status = 'importing' WHERE id = '{id 8}'",
  "UPDATE images SET status = 'killed' WHERE id = '{id 16}'",
  "UPDATE images SET status = 'uploading' WHERE id = '{id 24}'",
  "UPDATE images SET status = 'pending_delete', deleted = 1, deleted_at = '2021-01-01 00:00:00' WHERE id = '{id 9}'",
  "UPDATE image_locations SET status = 'pending_delete', deleted = 1, deleted_at = '2021-01-01 00:00:00' WHERE image_id = '{id 9}'",
  "UPDATE images SET checksum = NULL, os_hash_algo = NULL, os_hash_value = NULL WHERE id = '{id 1}'",
  "UPDATE images SET size = NULL WHERE id = '{id 17}'",
  "UPDATE images SET owner = NULL WHERE id = '{id 25}'",
  "UPDATE images SET created_at = '2015-02-03 04:05:06', updated_at = '2015-02-03 04:05:06' WHERE id IN ('{id 33}', '{id 41}', '{id 40}')",
  "UPDATE image_locations SET meta_data = '{\"backend\": \"second\"}' WHERE image_id = '{id 49}'",
  "UPDATE image_properties SET deleted_at = '2015-02-03 04:05:06' WHERE image_id = '{id 57}'",
  "UPDATE image_members SET deleted_at = '2015-02-03 04:05:06' WHERE image_id = '{id 10}' AND member = 'p2'",
  "UPDATE metadef_namespaces SET visibility = NULL, protected = NULL WHERE namespace = 'NS::Test::5'",
  "INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES ('{id 2}', 'nothing', NULL, '2015-02-03 04:05:06', 0)",
  "INSERT INTO image_properties (image_id, name, value, created_at, deleted) VALUES ('{id 2}', 'os_glance_import_task', 'x', '2015-02-03 04:05:06', 0)",
  "INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted) VALUES ('3c1e7d1e-0000-4000-8000-000000000001', 'export', 'pending', 'p1', '2015-02-03 04:05:06', '2015-02-03 04:05:06', 0)",
  "INSERT INTO task_info (task_id, input, result, message) VALUES ('3c1e7d1e-0000-4000-8000-000000000001', '{\"a\": \"b\"}', NULL, '')",
];

/** Makes rows that no request of today makes. */
export async function addOldRows(execute: Execute, ids: readonly string[]): Promise<void> {
  for (const sql of OLD_ROWS) await execute(sql.replaceAll(/\{id (\d+)\}/g, (_, at) => ids[Number(at)]!));
}

/** What an operator's users do once oneglance serves: a change of every kind. Returns the new images' ids. */
export async function changeEverything(base: string, ids: readonly string[]): Promise<string[]> {
  const made: string[] = [];
  for (let at = 0; at < 6; at++) {
    const { id } = await ask(base, OWNER, "POST", "/v2/images", {
      name: `new ${at}`,
      disk_format: "raw",
      container_format: "bare",
      visibility: VISIBILITIES[at % 3],
      tags: ["blue", "new"],
      os_type: "linux",
    });
    made.push(id);
    if (at > 1) await upload(base, id, at + 100);
  }
  const [queued, other, active, , shared] = made as [string, string, string, string, string];
  await INTO["both stores"](base, other, 0);
  await ask(base, OWNER, "POST", `/v2/images/${shared}/members`, { member: "p2" });
  await ask(base, CALLERS.member, "PUT", `/v2/images/${shared}/members/p2`, { status: "accepted" });
  await ask(base, ADMIN, "POST", `/v2/images/${active}/actions/deactivate`);
  await ask(base, OWNER, "DELETE", `/v2/images/${queued}`);
  await ask(base, OWNER, "DELETE", `/v2/images/${ids[65]}`);
  await ask(base, OWNER, "PUT", `/v2/images/${ids[73]}/tags/later`);
  await ask(base, OWNER, "PATCH", `/v2/images/${ids[73]}`, [
    { op: "replace", path: "/name", value: "changed by the other" },
    { op: "remove", path: "/empty" },
    { op: "replace", path: "/number", value: "0" },
    { op: "add", path: "/fresh", value: "grüße" },
  ], "application/openstack-images-v2.1-json-patch");
  const namespace = "/v2/metadefs/namespaces/NS::Test::0";
  await ask(base, ADMIN, "PUT", `${namespace}/objects/Thing`, {
    name: "Thing",
    description: "changed",
    properties: {},
  });
  await ask(base, ADMIN, "POST", `${namespace}/tags/gamma`);
  await ask(base, ADMIN, "DELETE", `${namespace}/properties/size`);
  await ask(base, ADMIN, "DELETE", "/v2/metadefs/namespaces/NS::Test::2");
  return made;
}

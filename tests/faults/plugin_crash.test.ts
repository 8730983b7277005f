/**
 * After kill -9 at any step of an import with plugins the image is complete, or queued with the formats and properties
 * that it had before the plugins: no process can resume with staged data that they have changed (src/imports/job.ts).
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { assertSettled, partOf, post, put, seen, site, table, tasksOf } from "../support/crash.ts";
import {
  findQemuImg,
  held,
  type Hold,
  hold,
  isDisk,
  isFile,
  makeHeldQemuImg,
  release,
} from "../support/held_qemu_img.ts";
import { filesIn, newImage, noise, type Served, show } from "../support/served.ts";

/** Size of the disk in bytes; each of the many imports decompresses, converts and copies it. */
const SIZE = 4 << 20;

const qemuImg = await findQemuImg();
const bytes = noise(SIZE);
const compressed = new Uint8Array(gzipSync(bytes, { level: 1 }));

/** The image's fields before the plugins and after them. */
const BEFORE = { disk_format: "raw", container_format: "bare", hw_disk_bus: "ide", kept: "k" };
const AFTER = { disk_format: "qcow2", container_format: "bare", hw_disk_bus: "virtio", added: "by-plugin" };

const METHODS = ["glance-direct", "web-download"] as const;
const STORES = ["a", "c"];

/** How one import runs, and the point that it has reached. */
interface Import {
  method: typeof METHODS[number];
  mustSucceed: boolean;
}

/** Points that last: half of the source's data has arrived, or qemu-img has stopped. */
interface Lasting extends Import {
  at: "half the source" | Hold;
}

/** Points that pass: two imports are in progress, and the kill comes when one of them reaches the point. */
interface Passing {
  at: "decompressing" | "converted" | "storing" | "first stored" | "active" | "success" | "undone";
  imports: [Import, Import];
  watched: number[];
}

const LASTING: Lasting[] = [
  { at: "half the source", method: "web-download", mustSucceed: true },
  ...(["info", "half", "whole"] as const).flatMap((at): Lasting[] => [
    { at, method: "glance-direct", mustSucceed: at !== "info" },
    { at, method: "web-download", mustSucceed: at === "info" },
  ]),
];

const PAIRS: [Import, Import][] = METHODS.map((method) => [
  { method, mustSucceed: true },
  { method: METHODS.find((each) => each !== method)!, mustSucceed: false },
]);

const PASSING: Passing[] = [
  { at: "decompressing", imports: PAIRS[0]!, watched: [0, 1] },
  { at: "converted", imports: PAIRS[1]!, watched: [0, 1] },
  { at: "storing", imports: PAIRS[0]!, watched: [0, 1] },
  { at: "first stored", imports: PAIRS[0]!, watched: [0] },
  { at: "first stored", imports: PAIRS[1]!, watched: [1] },
  { at: "active", imports: PAIRS[1]!, watched: [1] },
  { at: "success", imports: PAIRS[0]!, watched: [0] },
  { at: "undone", imports: PAIRS[0]!, watched: [0] },
];

const set = (dir: string) => ({
  PATH: `${dir}/bin:${Deno.env.get("PATH")}`,
  OS_IMAGE_IMPORT_OPTS__IMAGE_IMPORT_PLUGINS:
    "[inject_image_metadata, image_decompression, image_conversion]",
  OS_IMAGE_CONVERSION__OUTPUT_FORMAT: "qcow2",
  OS_INJECT_METADATA_PROPERTIES__INJECT: "added:by-plugin,hw_disk_bus:virtio",
  OS_INJECT_METADATA_PROPERTIES__IGNORE_USER_ROLES: "nobody",
});

/** An import in progress. */
interface Begun extends Import {
  id: string;
  uri: string;
}

const whole = site(() => new Response(compressed));
const request = ({ method, mustSucceed, uri }: Omit<Begun, "id">) => ({
  method: method === "web-download" ? { name: method, uri } : { name: method },
  stores: STORES,
  all_stores_must_succeed: mustSucceed,
});

/** Creates an image and prepares its data for the import. */
async function prepare(server: Served, { method, mustSucceed }: Import, uri = whole.url): Promise<Begun> {
  const id = await newImage(server.url, BEFORE);
  if (method === "glance-direct") await put(server, id, "stage", compressed);
  return { id, uri, method, mustSucceed };
}

/** Checks the image and returns its state: complete in all or some of its stores, or as before ("none"). */
async function verdict(again: Served, dir: string, import_: Begun): Promise<"all" | "some" | "none"> {
  const { id, mustSucceed } = import_;
  const status = await assertSettled(again, dir, id, (path) => isDisk(qemuImg!, path, bytes), [
    "active",
    "queued",
  ]);
  const image = await show(again.url, id);
  const task = (await tasksOf(again, id)).at(-1)!;
  if (status === "queued") {
    assert.deepEqual({ ...image, ...BEFORE, virtual_size: null, os_hash_value: null }, image);
    assert.equal(image.added, undefined);
    assert.notEqual(image.os_glance_failed_import, "");
    assert.equal(task.status, "failure");
    assert.match(task.message, /^Task failed due to Internal Error: \S/);
    return "none";
  }
  assert.deepEqual({ ...image, ...AFTER, kept: "k", virtual_size: SIZE }, image);
  const stores = String(image.stores).split(",");
  const stored = await Deno.readFile(`${dir}/${stores[0]}/${id}`);
  assert.deepEqual([image.size, image.checksum], [
    stored.length,
    createHash("md5").update(stored).digest("hex"),
  ]);
  const missing = STORES.filter((store) => !stores.includes(store));
  assert.equal(image.os_glance_failed_import, missing.join(","));
  assert.equal(task.status, missing.length === 0 ? "success" : "failure");
  if (missing.length === 0) return "all";
  assert.ok(!mustSucceed, "active without one of its stores");
  return "some";
}

/** Runs the same import again, without interruption, and checks that it succeeds. */
async function assertImports(again: Served, dir: string, import_: Begun): Promise<void> {
  if (import_.method === "glance-direct") await put(again, import_.id, "stage", compressed);
  await post(again, import_.id, request({ ...import_, uri: whole.url }));
  assert.equal(await verdict(again, dir, import_), "all");
}

Deno.test({
  name: "kill -9 in an import with plugins (needs qemu-img, of qemu-utils)",
  ignore: qemuImg === null,
}, async (t) => {
  await table<Lasting | Passing>(
    t,
    [...LASTING, ...PASSING],
    nameOf,
    async (server, dir, row) => {
      const bin = `${dir}/bin`;
      await makeHeldQemuImg(bin, qemuImg!);
      return "method" in row ? await lasting(server, dir, row) : await passing(server, dir, row);
    },
    { set, together: (row) => "method" in row ? "lasts" : row },
  );
  await whole.close();
});

function nameOf({ at, ...row }: Lasting | Passing): string {
  const imports = "method" in row ? [row] : row.watched.map((index) => row.imports[index]!);
  const each = imports.map(({ method, mustSucceed }) => `${method} to ${mustSucceed ? "all" : "any"} stores`);
  return `${at}: ${each.join(" or ")}`;
}

async function lasting(server: Served, dir: string, row: Lasting) {
  const bin = `${dir}/bin`;
  const half = compressed.length >> 1;
  const source = site(() => partOf(compressed, half, () => {}));
  const begun = await prepare(server, row, row.at === "half the source" ? source.url : whole.url);
  if (row.at !== "half the source") await hold(bin, begun.id, row.at);
  await post(server, begun.id, request(begun));
  if (row.at !== "half the source") await held(bin, begun.id);
  else {
    await seen("half has come", () => stagedSizes(dir, begun.id).includes(half));
  }
  return async (again: Served) => {
    assert.equal(await verdict(again, dir, begun), "none");
    if (row.at === "whole") {
      await release(bin, begun.id);
      await assertImports(again, dir, begun);
    }
    await source.close();
  };
}

const sizeOf = (path: string): number[] => {
  try {
    return [Deno.statSync(path).size];
  } catch {
    return [];
  }
};
const of = (folder: string, id: string) => filesIn(folder).filter((name) => name.includes(id));
const stagedSizes = (dir: string, id: string) =>
  of(`${dir}/staging`, id).flatMap((name) => sizeOf(`${dir}/staging/${name}`));

async function passing(server: Served, dir: string, { at, imports: pair, watched }: Passing) {
  const imports = await Promise.all(pair.map((each) => prepare(server, each)));
  if (at === "undone") {
    for (const { id } of imports) await hold(`${dir}/bin`, id, "broken");
  }
  const posting = imports.map((each) => post(server, each.id, request(each)));
  let first: Begun | undefined;
  await seen(at, async () => {
    for (const each of watched.map((index) => imports[index]!)) {
      if (await isAt(server, dir, each.id, at)) first = each;
    }
    return first !== undefined;
  });
  return async (again: Served) => {
    await Promise.all(posting);
    for (const each of imports) {
      const found = await verdict(again, dir, each);
      if (at === "undone") assert.equal(found, "none");
      if (each !== first) continue;
      if (at === "active") assert.notEqual(found, "none");
      if (at === "success") assert.equal(found, "all");
    }
  };
}

async function isAt(server: Served, dir: string, id: string, at: Passing["at"]): Promise<boolean> {
  const staged = of(`${dir}/staging`, id);
  const stored = STORES.flatMap((store) => of(`${dir}/${store}`, id));
  switch (at) {
    case "decompressing":
      return staged.includes(`${id}.uc`);
    case "converted":
      return staged.includes(`${id}.qcow2`) && !staged.includes(id);
    case "storing":
      return stored.length > 0;
    case "first stored":
      return stored.includes(id);
    case "active":
      return (await show(server.url, id)).status === "active";
    case "success":
      return (await tasksOf(server, id))[0]?.status === "success";
    case "undone":
      return staged.length === 0 && await isFile(`${dir}/bin/held.${id}`);
  }
}

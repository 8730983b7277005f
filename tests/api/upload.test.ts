/** PUT /v2/images/{id}/file, row by row of docs/reference/images-api.md §2.6.1, §3.2, §3.4 and §9.3. */
import { MARIADB } from "../support/mariadb_database.ts";
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { active, inStatus, queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";
import { assertNothingStored, assertStored, fedBody, shown } from "../support/stored.ts";

const BARE = { disk_format: "raw", container_format: "bare" };
const OCTETS = { "content-type": "application/octet-stream" };
const FILE = "PUT /v2/images/{id}/file";

/** An upload that is taken. */
const stores = (name: string, row: Partial<Row> & { virtualSize?: number | null } = {}): Row => {
  const body = row.body ?? "0123456789";
  const bytes = body as string | Uint8Array;
  return {
    name,
    given: queued(BARE),
    ask: FILE,
    headers: OCTETS,
    status: 204,
    text: "",
    gives: { "content-type": "text/html; charset=UTF-8", "x-openstack-request-id": /^req-/ },
    then: (service, { id }) =>
      assertStored(service, id!, bytes, row.virtualSize === undefined ? bytes.length : row.virtualSize),
    ...row,
    body,
  };
};

/** An upload that begins, fails and is put back. */
const putsBack = (status: number, name: string, has: string | string[], row: Partial<Row> = {}): Row => ({
  name,
  given: queued(BARE),
  ask: FILE,
  headers: OCTETS,
  body: "0123456789",
  status,
  has,
  mayChange: true,
  then: async (service, { id }) => {
    await assertNothingStored(service, id!);
    await service.upload(id!, OWNER, "again");
    await assertStored(service, id!, "again", 5);
  },
  ...row,
});

/** An upload that does not even begin. */
const refuses = (status: number, name: string, has: string | string[], row: Partial<Row> = {}): Row => ({
  name,
  given: queued(BARE),
  ask: FILE,
  headers: OCTETS,
  body: "0123456789",
  status,
  has,
  ...row,
});

const size = (value: string) => ({ ...OCTETS, "x-openstack-image-size": value });

Deno.test("uploads that are taken", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    stores("with Content-Length"),
    stores("chunked, without length", { headers: { ...OCTETS, "transfer-encoding": "chunked" } }),
    stores("media type with a parameter", { headers: { "content-type": "application/octet-stream; a=b" } }),
    stores("media type in upper case", { headers: { "content-type": "Application/OCTET-Stream" } }),
    stores("no byte: active with size 0", { body: "", virtualSize: null }),
    stores("no byte, chunked", { body: new Uint8Array(), virtualSize: null }),
    stores("no byte of ami", {
      given: queued({ disk_format: "ami", container_format: "bare" }),
      body: "",
      virtualSize: null,
    }),
    stores("no byte of qcow2 in another container", {
      given: queued({ disk_format: "qcow2", container_format: "ovf" }),
      body: "",
      virtualSize: null,
    }),
    stores("X-OpenStack-Image-Size is that of the data", { headers: size("10") }),
    stores("X-OpenStack-Image-Size 0 means unknown", { headers: size("0") }),
    stores("X-OpenStack-Image-Size with blanks and sign", { headers: size(" +10 ") }),
    stores("X-OpenStack-Image-Size wins over Content-Length", {
      headers: { ...size("10"), "content-length": "3" },
    }),
    stores("container other than bare: no virtual size", {
      given: queued({ disk_format: "raw", container_format: "ovf" }),
      virtualSize: null,
    }),
    stores("a format that is not inspected: no virtual size", {
      given: queued({ disk_format: "aki", container_format: "bare" }),
      virtualSize: null,
    }),
    stores("in single-store mode X-Image-Meta-Store says nothing", {
      headers: { ...OCTETS, "x-image-meta-store": "nowhere" },
    }),
    stores("an administrator for another project", { who: ADMIN }),
    stores("a public image of another project by an administrator", {
      who: ADMIN,
      given: async (service) => ({ id: (await service.create(ADMIN, { ...BARE, visibility: "public" })).id }),
    }),
    stores("protected and hidden images", { given: queued({ ...BARE, protected: true, os_hidden: true }) }),
  ]);
});

Deno.test("uploads that do not begin", async (t) => {
  await using service = await startService({ "image_format.disk_formats": "raw,qcow2" });
  const inState = (status: "saving" | "uploading" | "importing" | "deactivated" | "killed") =>
    refuses(409, `status ${status}`, `Image status transition from ${status} to saving is not allowed`, {
      given: inStatus(status, BARE),
      gives: { connection: "close" },
    });
  await runTable(t, service, [
    refuses(415, "no media type", "application/octet-stream", { headers: {} }),
    // What generated clients send when they take the data for a document.
    ...["application/json", "text/plain"].map((type) =>
      refuses(415, `{} as ${type}`, `media type ${type}`, { headers: { "content-type": type }, body: "{}" })
    ),
    refuses(415, "JSON", ["media type application/json", "Expected application/octet-stream."], {
      headers: { "content-type": "application/json" },
      gives: { connection: "close" },
    }),
    refuses(400, "size header no integer", "ten", { headers: size("ten") }),
    refuses(400, "size header with a fraction", "1.5", { headers: size("1.5") }),
    refuses(400, "size header empty", "size", { headers: size("") }),
    refuses(400, "size header negative", "-1", { headers: size("-1") }),
    refuses(403, "a reader", "403 Forbidden", { who: READER }),
    refuses(401, "nobody", "401 Unauthorized", { who: null }),
    refuses(404, "no such image", "No image found with ID", { given: () => Promise.resolve({ id: "none" }) }),
    refuses(404, "another project's image", "No image found with ID {id}", { who: STRANGER }),
    refuses(403, "another project's public image", "403 Forbidden", {
      who: STRANGER,
      given: async (service) => ({ id: (await service.create(ADMIN, { ...BARE, visibility: "public" })).id }),
    }),
    refuses(404, "a deleted image", "No image found with ID", {
      given: async (service) => {
        const { id } = await service.create(OWNER, BARE);
        await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
        return { id };
      },
    }),
    refuses(409, "status active", "Image status transition from active to saving is not allowed", {
      given: active(),
      gives: { connection: "close" },
    }),
    inState("saving"),
    inState("uploading"),
    inState("importing"),
    inState("deactivated"),
    inState("killed"),
    refuses(400, "no formats", "Properties disk_format, container_format must be set prior to saving data.", {
      given: queued(),
    }),
    refuses(400, "no disk_format", "Property disk_format must be set prior to saving data.", {
      given: queued({ container_format: "bare" }),
    }),
    refuses(400, "no container_format", "Property container_format must be set prior to saving data.", {
      given: queued({ disk_format: "raw" }),
    }),
    refuses(405, "POST", "The method POST is not allowed for this resource.", {
      ask: "POST /v2/images/{id}/file",
      gives: { allow: "GET, PUT" },
    }),
  ]);
});

Deno.test("uploads that begin, fail and leave nothing", async (t) => {
  await using service = await startService({ "DEFAULT.image_size_cap": "1000" });
  const big = "x".repeat(1001);
  await runTable(t, service, [
    putsBack(400, "fewer bytes than declared", "Size mismatch: expected 11 bytes, got 10 bytes", {
      headers: size("11"),
    }),
    putsBack(400, "more bytes than declared", "Size exceeds: expected 9 bytes, got 10 bytes", {
      headers: size("9"),
    }),
    putsBack(400, "a declared size and no byte", "Size mismatch: expected 5 bytes, got 0 bytes", {
      headers: size("5"),
      body: "",
    }),
    putsBack(413, "declared size above image_size_cap", "The incoming image is too large", { body: big }),
    putsBack(413, "chunked data above image_size_cap", "The incoming image is too large", {
      body: big,
      headers: { ...OCTETS, "transfer-encoding": "chunked", "x-openstack-image-size": "0" },
    }),
  ]);
});

Deno.test("a store that cannot take the data", async (t) => {
  await using service = await startService();
  const images = `${service.dir}/images`;
  const { id } = await service.create(OWNER, BARE);
  const put = () =>
    service.ask(`/v2/images/${id}/file`, OWNER, { method: "PUT", headers: OCTETS, body: "data" });

  await t.step("data of that id stands there already → 500, and it is left alone", async () => {
    await Deno.writeTextFile(`${images}/${id}`, "older");
    const response = await put();
    assert.equal(response.status, 500);
    assert.match(await response.text(), /already exists/);
    assert.equal(await Deno.readTextFile(`${images}/${id}`), "older");
    assert.equal((await shown(service, id)).status, "queued");
    await Deno.remove(`${images}/${id}`);
  });
  await t.step("then it works again → 204", async () => {
    assert.equal((await put()).status, 204);
    await assertStored(service, id, "data", 4);
  });
});

Deno.test("what the errors of a store become", async (t) => {
  await using service = await startService();
  const store = service.deps.stores.default;
  const open = store.open.bind(store);
  const rows: [error: Error, status: number, text: string][] = [
    [new GlanceError("store_full"), 413, "Image storage media is full: There is not enough disk space"],
    [
      new GlanceError("store_write_denied"),
      503,
      "Insufficient permissions on image storage media: Permission",
    ],
    [new GlanceError("store_add_disabled"), 410, "Error in store configuration"],
    [new GlanceError("store_timeout"), 503, "Operation timed out"],
    [new Error("a secret of the machine"), 500, "The server has either erred"],
  ];
  for (const [error, status, text] of rows) {
    for (const where of ["open", "pipe", "commit"] as const) {
      await t.step(`${error.message} in ${where} → ${status}`, async () => {
        store.open = async (id, options) => {
          if (where === "open") throw error;
          const handle = await open(id, options);
          return Object.assign(handle, { [where]: () => Promise.reject(error) });
        };
        const { id } = await service.create(OWNER, BARE);
        const asked = { method: "PUT", headers: OCTETS, body: "data" };
        const response = await service.ask(`/v2/images/${id}/file`, OWNER, asked);
        const body = await response.text();
        assert.equal(response.status, status, body);
        // A response never shows the text of an error that is not of the closed list.
        assert.ok(body.includes(text), body);
        assert.ok(!body.includes("a secret"), body);
        await assertNothingStored(service, id);
      });
    }
  }
  store.open = open;
});

Deno.test("a store that is badly configured takes no data: 410, and the image stays queued", async () => {
  await using service = await startService({ "glance_store.filesystem_store_file_perm": "77" });
  const { id } = await service.create(OWNER, BARE);
  const response = await service.ask(`/v2/images/${id}/file`, OWNER, {
    method: "PUT",
    headers: OCTETS,
    body: "data",
  });
  assert.equal(response.status, 410);
  assert.match(await response.text(), /Error in store configuration. Adding images to store is disabled./);
  await assertNothingStored(service, id);
});

Deno.test("while data comes: saving, no size, no data to be read", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const body = fedBody();
  const uploading = service.ask(`/v2/images/${id}/file`, OWNER, {
    method: "PUT",
    headers: { ...OCTETS, "x-openstack-image-size": "10" },
    body: body.stream,
  });
  await body.give("01234");
  const { status, size, checksum } = await shown(service, id);
  assert.deepEqual([status, size, checksum], ["saving", null, null]);
  const data = await service.ask(`/v2/images/${id}/file`, OWNER);
  assert.deepEqual([data.status, await data.text()], [204, ""]);
  await body.give("56789");
  body.end();
  assert.equal((await uploading).status, 204);
  await assertStored(service, id, "0123456789", 10);
});

Deno.test("the client leaves in the middle: 499 for the log, nothing stays", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const body = fedBody();
  const uploading = service.ask(`/v2/images/${id}/file`, OWNER, {
    method: "PUT",
    headers: OCTETS,
    body: body.stream,
  });
  await body.give("01234");
  body.leave();
  const response = await uploading;
  assert.equal(response.status, 499);
  assert.match(await response.text(), /The data ended early/);
  await assertNothingStored(service, id);
});

Deno.test("updated_at changes with an upload", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const record = () => service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  const before = (await record())!;
  await service.upload(id, OWNER, "data");
  const after = (await record())!;
  // MariaDB keeps whole seconds.
  if (MARIADB === null) assert.ok(after.updated_at > before.updated_at);
  assert.equal(after.created_at, before.created_at);
});

Deno.test("hashing_algorithm is what os_hash_value is made with", async () => {
  await using service = await startService({ "DEFAULT.hashing_algorithm": "sha256" });
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, "abc");
  const { os_hash_algo, os_hash_value, checksum } = await shown(service, id);
  assert.equal(os_hash_algo, "sha256");
  assert.equal(os_hash_value, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(checksum, "900150983cd24fb0d6963f7d28e17f72");
});

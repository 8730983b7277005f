/** DELETE /v2/images/{id}, row by row of docs/reference/images-api.md §2.5, §8 and §9.9. */
import assert from "node:assert/strict";
import type { ImageStatus } from "../../db/records.ts";
import { type ErrorCode, GlanceError } from "../../src/errors.ts";
import { giveLocation } from "../support/give_location.ts";
import { active, inStatus, queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type TestService } from "../support/service.ts";
import { shown } from "../support/stored.ts";

const BARE = { disk_format: "raw", container_format: "bare" };

const deletes = (name: string, row: Partial<Row> = {}): Row => ({
  name,
  given: active(),
  ask: "DELETE /v2/images/{id}",
  status: 204,
  text: "",
  gives: { "content-type": "text/html; charset=UTF-8", "x-openstack-request-id": /^req-/ },
  then: (service, { id }) => assertGone(service, id!),
  ...row,
});

const refuses = (status: number, name: string, row: Partial<Row> = {}): Row => ({
  name,
  given: active(),
  ask: "DELETE /v2/images/{id}",
  status,
  ...row,
});

/** The rows of an image and of what hangs on it: table, status where there is one, and whether deleted. */
async function remains({ database }: TestService, id: string): Promise<string[]> {
  const [row] = await database.rows("SELECT status, deleted, deleted_at FROM images WHERE id = ?", [id]);
  const image = row!;
  const lines = [`image ${image.status} ${image.deleted} ${image.deleted_at === null ? "" : "at"}`.trim()];
  for (const table of ["image_properties", "image_tags", "image_members", "image_locations"]) {
    const status = table === "image_locations" ? "status" : "''";
    const rows = await database.rows(`SELECT ${status} AS status, deleted FROM ${table} WHERE image_id = ?`, [
      id,
    ]);
    for (const row of rows) lines.push(`${table} ${row.status} ${row.deleted}`.replace("  ", " "));
  }
  return lines;
}

/** Not to be found by anybody in any way, no file left, its rows kept as deleted. */
async function assertGone(service: TestService, id: string): Promise<void> {
  const asks = [
    "GET /",
    "GET /file",
    "GET /members",
    "GET /tasks",
    "DELETE /",
    "POST /actions/deactivate",
    "PUT /tags/t",
  ];
  for (const who of [ADMIN, OWNER]) {
    for (const ask of asks) {
      const [method, path] = ask.split(" ") as [string, string];
      const url = `/v2/images/${id}${path === "/" ? "" : path}`;
      const response = await service.ask(url, who, { method });
      await response.body?.cancel();
      assert.equal(response.status, 404, `${method} ${url}`);
    }
    assert.equal((await service.patch(id, who, [{ op: "add", path: "/a", value: "b" }])).status, 404);
    const { images } = await (await service.ask(`/v2/images?id=${id}`, who)).json();
    assert.deepEqual(images, []);
  }
  const again = await service.ask("/v2/images", OWNER, { method: "POST", body: { id } });
  assert.equal(again.status, 409);
  assert.deepEqual(filesIn(`${service.dir}/images`).filter((name) => name.includes(id)), []);
  assert.equal((await remains(service, id))[0], "image deleted 1 at");
  assert.deepEqual((await remains(service, id)).filter((line) => !/ 1( at)?$/.test(line)), []);
}

Deno.test("images that are deleted", async (t) => {
  await using service = await startService();
  const inState = (status: ImageStatus) => deletes(`status ${status}`, { given: inStatus(status, BARE) });
  await runTable(t, service, [
    deletes("active, with its data"),
    deletes("queued", { given: queued() }),
    inState("saving"),
    inState("uploading"),
    inState("importing"),
    inState("killed"),
    deletes("deactivated, by its owner: the data goes too", {
      given: async (service) => {
        const given = await active()(service);
        await service.ask(`/v2/images/${given.id}/actions/deactivate`, OWNER, { method: "POST" });
        return given;
      },
    }),
    deletes("hidden", { given: active({ os_hidden: true }) }),
    deletes("community", { given: active({ visibility: "community" }), who: ADMIN }),
    deletes("public, by an administrator", {
      who: ADMIN,
      given: async (service) => ({ id: (await service.create(ADMIN, { visibility: "public" })).id }),
    }),
    deletes("of another project, by an administrator", { who: ADMIN }),
    deletes("with properties, tags and members", {
      given: async (service) => {
        const given = await active({ tags: ["a", "b"], kind: "x" })(service);
        await service.deps.db.write.members.add({ imageId: given.id!, member: "p2", quota: -1 });
        return given;
      },
    }),
    deletes("whose data is gone already", {
      given: async (service) => {
        const given = await active()(service);
        await Deno.remove(`${service.dir}/images/${given.id}`);
        return given;
      },
    }),
    deletes("a body of no length is none", { headers: { "content-length": "0" } }),
    deletes("Transfer-Encoding without a body is nothing here", {
      headers: { "transfer-encoding": "chunked" },
    }),
  ]);
});

Deno.test("images that are not deleted", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    refuses(400, "a body", { body: "x" }),
    refuses(401, "nobody", { who: null }),
    refuses(403, "a reader", { who: READER }),
    refuses(403, "protected", {
      given: active({ protected: true }),
      has: "Image {id} is protected and cannot be deleted.",
    }),
    refuses(403, "protected, by an administrator", { who: ADMIN, given: active({ protected: true }) }),
    refuses(403, "another project's public image", {
      who: STRANGER,
      given: async (service) => ({ id: (await service.create(ADMIN, { visibility: "public" })).id }),
    }),
    refuses(403, "a member", {
      who: STRANGER,
      given: async (service) => {
        const given = await active()(service);
        await service.deps.db.write.members.add({ imageId: given.id!, member: "p2", quota: -1 });
        return given;
      },
    }),
    refuses(404, "another project's image", { who: STRANGER, has: "Failed to find image {id} to delete" }),
    refuses(404, "unknown", {
      given: () => Promise.resolve({ id: "none" }),
      has: "Failed to find image none to delete",
    }),
    refuses(404, "deleted before", {
      given: async (service) => {
        const given = await active()(service);
        await service.ask(`/v2/images/${given.id}`, OWNER, { method: "DELETE" });
        return given;
      },
      has: "Failed to find image {id} to delete",
    }),
  ]);
});

Deno.test("what the store's answer becomes", async (t) => {
  await using service = await startService();
  const store = service.deps.stores.default;
  const real = store.delete.bind(store);
  const IN_USE = "could not be deleted because it is in use";
  const rows: [answer: ErrorCode | "odd", status: number, text?: string][] = [
    ["store_not_found", 204],
    ["store_delete_not_supported", 204],
    ["store_bad_uri", 204],
    ["store_in_use", 409, IN_USE],
    ["store_has_snapshot", 409, IN_USE],
    ["store_forbidden", 403],
    ["store_gone", 503, "could not be deleted because its store is away"],
    [
      "store_timeout",
      503,
      "Image {id} could not be deleted because the filesystem store operation timed out: Operation timed out",
    ],
    ["odd", 500],
  ];
  for (const [answer, status, text = ""] of rows) {
    await t.step(`${answer} → ${status}`, async () => {
      const { id } = await active()(service) as { id: string };
      store.delete = () => Promise.reject(answer === "odd" ? new Error("odd") : new GlanceError(answer));
      const response = await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
      store.delete = real;
      const body = await response.text();
      assert.equal(response.status, status, body);
      assert.ok(body.includes(text.replace("{id}", id)), body);
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER)).status, status === 204 ? 404 : 200);
      if (status === 204) return;
      assert.equal((await shown(service, id)).status, "active");
      assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "0123456789");
    });
  }
});

Deno.test("a location whose scheme no store serves does not keep the image", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  await giveLocation(service.deps.db, { id, url: "nothing://x/y", metadata: {} });
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  await assertGone(service, id);
});

Deno.test("an http location: 204, nothing is asked of the web server", async () => {
  await using service = await startService({ "glance_store.stores": "file,http" });
  const asked: string[] = [];
  const web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    asked.push(request.method);
    return new Response("data");
  });
  const { id } = await service.create(OWNER, BARE);
  const url = `http://127.0.0.1:${web.addr.port}/image`;
  await service.deps.db.write.images.change({
    id,
    locations: { from: ["queued"], activate: true, add: [{ url, metadata: {} }], drop: [], metadata: [] },
  });
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  await assertGone(service, id);
  assert.deepEqual(asked, []);
  await web.shutdown();
});

Deno.test("staged data", async (t) => {
  await using service = await startService();
  const staged = async (body: Record<string, unknown> = {}) => {
    const { id } = await service.create(OWNER, { ...BARE, ...body });
    const response = await service.ask(`/v2/images/${id}/stage`, OWNER, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: "staged",
    });
    assert.equal(response.status, 204);
    assert.ok(filesIn(`${service.dir}/staging`).includes(id));
    return id;
  };
  await t.step("goes with its image", async () => {
    const id = await staged();
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
    assert.deepEqual(filesIn(`${service.dir}/staging`), []);
    await assertGone(service, id);
  });
  await t.step("of a protected image is not touched", async () => {
    const id = await staged({ protected: true });
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 403);
    assert.deepEqual(filesIn(`${service.dir}/staging`), [id]);
    assert.equal((await shown(service, id)).status, "uploading");
  });
});

Deno.test("delayed_delete", async (t) => {
  await using service = await startService({
    "DEFAULT.delayed_delete": "true",
    "DEFAULT.user_storage_quota": "10",
  });
  for (const deactivated of [false, true]) {
    await t.step(`${deactivated ? "deactivated" : "active"}: invisible at once, data stays`, async () => {
      const { id } = await active({ tags: ["a"] })(service) as { id: string };
      if (deactivated) await service.ask(`/v2/images/${id}/actions/deactivate`, OWNER, { method: "POST" });
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
      for (const who of [ADMIN, OWNER]) {
        assert.equal((await service.ask(`/v2/images/${id}`, who)).status, 404);
        assert.equal((await service.ask(`/v2/images/${id}/file`, who)).status, 404);
        assert.equal((await service.ask(`/v2/images/${id}`, who, { method: "DELETE" })).status, 404);
        for (const status of ["", "&status=pending_delete"]) {
          const { images } = await (await service.ask(`/v2/images?id=${id}${status}`, who)).json();
          assert.deepEqual(images, []);
        }
      }
      assert.ok(filesIn(`${service.dir}/images`).includes(id));
      assert.deepEqual(await remains(service, id), [
        "image pending_delete 1 at",
        "image_tags 1",
        "image_locations pending_delete 1",
      ]);
      // The quota of ten bytes is free again, or the next image of ten would be refused.
    });
  }
  await t.step("without a location: deleted", async () => {
    const { id } = await service.create(OWNER);
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
    await assertGone(service, id);
  });
  for (const status of ["saving", "importing", "uploading", "killed"] as const) {
    await t.step(`${status} with a location: pending_delete too`, async () => {
      const { id } = await inStatus(status, BARE)(service) as { id: string };
      await giveLocation(service.deps.db, { id, url: `file://${service.dir}/images/x`, metadata: {} });
      assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
      assert.equal((await remains(service, id))[0], "image pending_delete 1 at");
    });
  }
  await t.step("protected: 403, as it was", async () => {
    const { id } = await service.create(OWNER, { ...BARE, protected: true });
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 403);
    assert.equal((await shown(service, id)).status, "queued");
  });
});

Deno.test("quota is free again after a deletion", async () => {
  await using service = await startService({ "DEFAULT.user_storage_quota": "10" });
  for (let i = 0; i < 3; i++) {
    const { id } = await active()(service) as { id: string };
    assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  }
});

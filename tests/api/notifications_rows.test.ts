/** How many notifications each request records: exactly these, and no other (docs/reference/background-jobs.md §7). */
import { active, all, queued, sharedWith } from "../support/images.ts";
import { add, changes, refuses } from "../support/patch_rows.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, STRANGER } from "../support/service.ts";
import { at, FORMATS, OPEN_LOCATIONS, serveData } from "../support/locations.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };
const BYTES = { "content-type": "application/octet-stream" };
const UPDATE = { "image.update": 1, "*": 0 };
const NONE = { "*": 0 };
const BARE = queued(FORMATS);

/** `events` of a row that another helper made. */
const emits = (row: Row, events: Record<string, number>): Row => ({ ...row, events });

Deno.test("images", async (t) => {
  await using web = serveData();
  await using service = await startService({ ...ON, ...OPEN_LOCATIONS, "DEFAULT.image_size_cap": "100" });
  const { id: taken } = await service.create(OWNER);
  await runTable(t, service, [
    { name: "made", ask: "POST /v2/images", body: {}, status: 201, events: { "image.create": 1, "*": 0 } },
    { name: "an id that is taken", ask: "POST /v2/images", body: { id: taken }, status: 409, events: NONE },
    {
      name: "data",
      given: BARE,
      ask: "PUT /v2/images/{id}/file",
      headers: BYTES,
      body: "data",
      status: 204,
      events: { "image.prepare": 1, "image.upload": 1, "image.activate": 1, "image.update": 1, "*": 0 },
    },
    {
      name: "data that is too much: prepared, and the failure, once",
      given: BARE,
      ask: "PUT /v2/images/{id}/file",
      headers: BYTES,
      body: "x".repeat(200),
      status: 413,
      mayChange: true,
      events: { "image.prepare": 1, "image.upload": 1, "*": 0 },
    },
    {
      name: "data for an image that has some",
      given: active(),
      ask: "PUT /v2/images/{id}/file",
      headers: BYTES,
      body: "data",
      status: 409,
      events: NONE,
    },
    {
      name: "staged",
      given: BARE,
      ask: "PUT /v2/images/{id}/stage",
      headers: BYTES,
      body: "data",
      status: 204,
      events: { "image.update": 2, "*": 0 },
    },
    {
      name: "staging that fails",
      given: BARE,
      ask: "PUT /v2/images/{id}/stage",
      headers: BYTES,
      body: "x".repeat(200),
      status: 413,
      mayChange: true,
      events: UPDATE,
    },
    emits(changes("a change", [{ op: "replace", path: "/name", value: "m" }], { name: "m" }), UPDATE),
    emits(
      refuses(403, "a change of what is read-only", [{ op: "replace", path: "/size", value: 1 }], ""),
      NONE,
    ),
    emits(changes("a location", [add("/locations/-", at("data"))], {}, { given: BARE }), UPDATE),
    { name: "a tag", given: BARE, ask: "PUT /v2/images/{id}/tags/a", status: 204, events: UPDATE },
    {
      name: "a tag goes",
      given: queued({ tags: ["a"] }),
      ask: "DELETE /v2/images/{id}/tags/a",
      status: 204,
      events: UPDATE,
    },
    {
      name: "a tag that is none",
      given: BARE,
      ask: "DELETE /v2/images/{id}/tags/a",
      status: 404,
      events: NONE,
    },
    {
      name: "deactivated",
      given: active(),
      who: ADMIN,
      ask: "POST /v2/images/{id}/actions/deactivate",
      status: 204,
      events: UPDATE,
    },
    {
      name: "reactivated, which it is",
      given: active(),
      who: ADMIN,
      ask: "POST /v2/images/{id}/actions/reactivate",
      status: 204,
      events: NONE,
    },
    {
      name: "deleted",
      given: active(),
      ask: "DELETE /v2/images/{id}",
      status: 204,
      events: { "image.delete": 1, "*": 0 },
    },
    {
      name: "another's",
      given: active(),
      who: STRANGER,
      ask: "DELETE /v2/images/{id}",
      status: 404,
      events: NONE,
    },
  ], { web: web.url });
});

Deno.test("a copy that goes", async (t) => {
  await using service = await startService({
    ...ON,
    "DEFAULT.enabled_backends": "fast:file, slow:file",
    "glance_store.default_backend": "slow",
    "fast.filesystem_store_datadir": "{dir}/fast",
    "slow.filesystem_store_datadir": "{dir}/slow",
  });
  const copied = async () => {
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    const body = { method: { name: "copy-image" }, stores: ["fast"] };
    await service.ask(`/v2/images/${id}/import`, ADMIN, { method: "POST", body });
    await service.deps.background.settled();
    return { id };
  };
  await runTable(t, service, [
    {
      name: "one of two",
      given: copied,
      who: ADMIN,
      ask: "DELETE /v2/stores/fast/{id}",
      status: 204,
      events: UPDATE,
    },
    {
      name: "the last one",
      given: active(),
      who: ADMIN,
      ask: "DELETE /v2/stores/slow/{id}",
      status: 403,
      events: NONE,
    },
  ]);
});

Deno.test("members", async (t) => {
  await using service = await startService(ON);
  const shared = all(sharedWith("pending"));
  await runTable(t, service, [
    {
      name: "added",
      given: BARE,
      ask: "POST /v2/images/{id}/members",
      body: { member: "p2" },
      status: 200,
      events: { "image.member.create": 1, "*": 0 },
    },
    {
      name: "added again",
      given: shared,
      ask: "POST /v2/images/{id}/members",
      body: { member: "p2" },
      status: 409,
      events: NONE,
    },
    {
      name: "answered",
      given: shared,
      who: STRANGER,
      ask: "PUT /v2/images/{id}/members/p2",
      body: { status: "accepted" },
      status: 200,
      events: { "image.member.update": 1, "*": 0 },
    },
    {
      name: "removed",
      given: shared,
      ask: "DELETE /v2/images/{id}/members/p2",
      status: 204,
      events: { "image.member.delete": 1, "*": 0 },
    },
    { name: "none", given: BARE, ask: "DELETE /v2/images/{id}/members/p2", status: 404, events: NONE },
  ]);
});

Deno.test("metadata definitions", async (t) => {
  await using service = await startService(ON);
  const root = "/v2/metadefs/namespaces";
  const row = (
    name: string,
    ask: string,
    status: number,
    events: Record<string, number>,
    body?: unknown,
  ): Row => ({ name, who: ADMIN, ask, status, events, ...(body === undefined ? {} : { body }) });
  const one = (type: string) => ({ [type]: 1, "*": 0 });
  const whole = {
    namespace: "N",
    objects: [{ name: "o" }, { name: "o2" }],
    tags: [{ name: "t" }],
    properties: { p: { title: "P", type: "string" } },
    resource_type_associations: [{ name: "R" }],
  };
  await runTable(t, service, [
    row("a namespace with its contents", `POST ${root}`, 201, {
      "metadef_namespace.create": 1,
      "metadef_object.create": 2,
      "metadef_tag.create": 1,
      "metadef_property.create": 1,
      "metadef_resource_type.create": 1,
      "*": 0,
    }, whole),
    row("again", `POST ${root}`, 409, NONE, { namespace: "N" }),
    row("changed", `PUT ${root}/N`, 200, one("metadef_namespace.update"), { namespace: "N" }),
    row("an object", `POST ${root}/N/objects`, 201, one("metadef_object.create"), { name: "o3" }),
    row("an object again", `POST ${root}/N/objects`, 409, NONE, { name: "o3" }),
    row("an object changed", `PUT ${root}/N/objects/o3`, 200, one("metadef_object.update"), { name: "o4" }),
    row("an object goes", `DELETE ${root}/N/objects/o4`, 204, one("metadef_object.delete")),
    row("no object", `DELETE ${root}/N/objects/o4`, 404, NONE),
    row("all objects go", `DELETE ${root}/N/objects`, 204, one("metadef_namespace.delete_objects")),
    row("a type goes", `DELETE ${root}/N/resource_types/R`, 204, one("metadef_resource_type.delete")),
    row("a protected one", `PUT ${root}/N`, 200, one("metadef_namespace.update"), {
      namespace: "N",
      protected: true,
    }),
    row("stays", `DELETE ${root}/N`, 403, NONE),
    row("no longer", `PUT ${root}/N`, 200, one("metadef_namespace.update"), {
      namespace: "N",
      protected: false,
    }),
    row("goes", `DELETE ${root}/N`, 204, one("metadef_namespace.delete")),
  ]);
});

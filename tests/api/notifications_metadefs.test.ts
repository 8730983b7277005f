/** The notifications of changes to metadata definitions (docs/reference/background-jobs.md §7). */
import assert from "node:assert/strict";
import { drain, takeEvents } from "../support/events.ts";
import { ADMIN, startService, type TestService } from "../support/service.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };
const ROOT = "/v2/metadefs/namespaces";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

async function send(service: TestService, method: string, path: string, body?: unknown): Promise<void> {
  const response = await service.ask(`${ROOT}${path}`, ADMIN, { method, body });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.text()}`);
}

/** The only event that waits; its times are looked at and taken out. */
async function only(service: TestService, type: string): Promise<Record<string, unknown>> {
  const events = await takeEvents(service);
  assert.deepEqual(events.map(([each, priority]) => [each, priority]), [[type, "INFO"]]);
  const { created_at, updated_at, ...payload } = events[0]![2];
  for (const time of type.startsWith("metadef_property") ? [] : [created_at, updated_at]) {
    assert.match(String(time), TIME);
  }
  if (type.endsWith(".delete")) {
    assert.equal(payload.deleted, true);
    assert.match(String(payload.deleted_at), TIME);
    return { ...payload, deleted_at: null, deleted: false };
  }
  return payload;
}

const STAYS = { deleted: false, deleted_at: null };
/** Every field of a property's schema. */
const NOTHING = {
  type: null,
  title: null,
  description: null,
  default: null,
  minimum: null,
  maximum: null,
  enum: null,
  pattern: null,
  minLength: null,
  maxLength: null,
  confidential: null,
  items: null,
  uniqueItems: null,
  minItems: null,
  maxItems: null,
  additionalItems: null,
};

Deno.test("a namespace from its creation to its end", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", { namespace: "N", display_name: "One", description: "d" });
  const namespace = {
    namespace: "N",
    namespace_old: "N",
    display_name: "One",
    description: "d",
    visibility: "private",
    protected: false,
    owner: "admin-project",
    ...STAYS,
  };
  assert.deepEqual(await only(service, "metadef_namespace.create"), namespace);
  await send(service, "PUT", "/N", { namespace: "M", visibility: "public" });
  const renamed = {
    ...namespace,
    namespace: "M",
    visibility: "public",
    display_name: null,
    description: null,
  };
  assert.deepEqual(await only(service, "metadef_namespace.update"), { ...renamed, namespace_old: "N" });
  const now = { ...renamed, namespace_old: "M" };
  for (const kind of ["objects", "properties", "tags"]) {
    await send(service, "DELETE", `/M/${kind}`);
    assert.deepEqual(await only(service, `metadef_namespace.delete_${kind}`), now);
  }
  await send(service, "DELETE", "/M");
  assert.deepEqual(await only(service, "metadef_namespace.delete"), now);
});

Deno.test("a namespace with contents records each of them", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", {
    namespace: "N",
    resource_type_associations: [{ name: "OS::Glance::Image", prefix: "hw_" }],
    objects: [{ name: "o" }],
    properties: { p: { title: "P", type: "string" } },
    tags: [{ name: "t" }, { name: "u" }],
  });
  const events = await takeEvents(service);
  assert.deepEqual(events.map(([type, , { namespace, name }]) => [type, namespace, name]), [
    ["metadef_namespace.create", "N", undefined],
    ["metadef_resource_type.create", "N", "OS::Glance::Image"],
    ["metadef_object.create", "N", "o"],
    ["metadef_tag.create", "N", "t"],
    ["metadef_tag.create", "N", "u"],
    ["metadef_property.create", "N", "p"],
  ]);
});

Deno.test("objects; what is falsy in their properties is null", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", { namespace: "N" });
  await drain(service);
  const body = {
    name: "o",
    description: "d",
    required: ["p"],
    properties: { p: { title: "P", type: "integer", minimum: 0, maximum: 9, uniqueItems: false } },
  };
  await send(service, "POST", "/N/objects", body);
  const payload = {
    namespace: "N",
    name: "o",
    name_old: "o",
    description: "d",
    required: ["p"],
    properties: [{ ...NOTHING, name: "p", title: "P", type: "integer", maximum: 9 }],
    ...STAYS,
  };
  assert.deepEqual(await only(service, "metadef_object.create"), payload);
  await send(service, "PUT", "/N/objects/o", { name: "q", required: [] });
  const changed = { ...payload, name: "q", description: null, required: [], properties: [] };
  assert.deepEqual(await only(service, "metadef_object.update"), { ...changed, name_old: "o" });
  await send(service, "DELETE", "/N/objects/q");
  assert.deepEqual(await only(service, "metadef_object.delete"), { ...changed, name_old: "q" });
});

Deno.test("properties; they have no times, and what is falsy stays", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", { namespace: "N" });
  await drain(service);
  await send(service, "POST", "/N/properties", { name: "p", title: "P", type: "integer", minimum: 0 });
  const payload = { ...NOTHING, namespace: "N", name: "p", name_old: "p", title: "P", type: "integer" };
  assert.deepEqual(await only(service, "metadef_property.create"), { ...payload, minimum: 0, ...STAYS });
  await send(service, "PUT", "/N/properties/p", { name: "q", title: "Q", type: "string", enum: ["a"] });
  const changed = { ...payload, ...STAYS, name: "q", title: "Q", type: "string", enum: ["a"] };
  assert.deepEqual(await only(service, "metadef_property.update"), { ...changed, name_old: "p" });
  await send(service, "DELETE", "/N/properties/q");
  assert.deepEqual(await only(service, "metadef_property.delete"), { ...changed, name_old: "q" });
});

Deno.test("tags, one and many", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", { namespace: "N" });
  await drain(service);
  await send(service, "POST", "/N/tags/t");
  const payload = { namespace: "N", name: "t", name_old: "t", ...STAYS };
  assert.deepEqual(await only(service, "metadef_tag.create"), payload);
  await send(service, "PUT", "/N/tags/t", { name: "u" });
  assert.deepEqual(await only(service, "metadef_tag.update"), { ...payload, name: "u" });
  await send(service, "DELETE", "/N/tags/u");
  assert.deepEqual(await only(service, "metadef_tag.delete"), { ...payload, name: "u", name_old: "u" });
  await send(service, "POST", "/N/tags", { tags: [{ name: "a" }, { name: "b" }] });
  const many = await takeEvents(service);
  assert.deepEqual(many.map(([type, , { name }]) => [type, name]), [
    ["metadef_tag.create", "a"],
    ["metadef_tag.create", "b"],
  ]);
});

Deno.test("associations with resource types", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", { namespace: "N" });
  await drain(service);
  await send(service, "POST", "/N/resource_types", { name: "T", prefix: "p_", properties_target: "image" });
  const payload = {
    namespace: "N",
    name: "T",
    name_old: "T",
    prefix: "p_",
    properties_target: "image",
    ...STAYS,
  };
  assert.deepEqual(await only(service, "metadef_resource_type.create"), payload);
  await send(service, "DELETE", "/N/resource_types/T");
  assert.deepEqual(await only(service, "metadef_resource_type.delete"), payload);
});

Deno.test("a refused request, or one for a missing record, records nothing", async () => {
  await using service = await startService(ON);
  await send(service, "POST", "", { namespace: "N", protected: true, tags: [{ name: "t" }] });
  await drain(service);
  const refused: [string, string, unknown, number][] = [
    ["POST", "", { namespace: "N" }, 409],
    ["DELETE", "/N", undefined, 403],
    ["DELETE", "/N/tags", undefined, 403],
    ["DELETE", "/N/tags/t", undefined, 403],
    ["DELETE", "/N/objects/none", undefined, 404],
    ["POST", "/N/tags/t", undefined, 409],
    ["PUT", "/N/tags/none", { name: "x" }, 404],
  ];
  for (const [method, path, body, status] of refused) {
    const response = await service.ask(`${ROOT}${path}`, ADMIN, { method, body });
    assert.equal(response.status, status, `${method} ${path}`);
  }
  assert.deepEqual(await takeEvents(service), []);
});

for (
  const [disabled, left] of [
    ["metadef_tag", ["metadef_namespace.create", "metadef_object.create"]],
    ["metadef_namespace.create", ["metadef_object.create", "metadef_tag.create"]],
    ["metadef_namespace, metadef_object, metadef_tag", []],
  ] as const
) {
  Deno.test(`metadefs with disabled_notifications = ${disabled}`, async () => {
    await using service = await startService({ ...ON, "DEFAULT.disabled_notifications": disabled });
    await send(service, "POST", "", { namespace: "N", objects: [{ name: "o" }], tags: [{ name: "t" }] });
    assert.deepEqual((await drain(service)).map(({ type }) => type), left);
  });
}

/** allow_anonymous_access: who has no identity may read what the rules let nobody read, and change nothing (docs/reference/auth-and-middleware.md §2). */
import assert from "node:assert/strict";
import type { RouteConfig } from "@hono/zod-openapi";
import { ROUTES } from "../../openapi/document.ts";
import { DEFAULT_RULES } from "../../src/policy/defaults.ts";
import { FORMATS, THREE_STORES } from "../support/imports.ts";
import { FULL, namespace, TEXT } from "../support/metadefs.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, startService, type TestService } from "../support/service.ts";

/** A good body of each operation that takes one. */
const BODIES: Record<string, unknown> = {
  createImage: {},
  updateImage: [{ op: "replace", path: "/name", value: "x" }],
  uploadImageData: "data",
  stageImageData: "data",
  importImage: { method: { name: "web-download", uri: "http://127.0.0.1/" } },
  addMember: { member: "p9" },
  updateMember: { status: "accepted" },
  addLocation: { url: "http://127.0.0.1/", validation_data: {} },
  createTask: { type: "import", input: { import_from: "http://127.0.0.1/", import_from_format: "raw" } },
  createMetadefNamespace: { namespace: "new" },
  updateMetadefNamespace: { namespace: "{ns}" },
  addMetadefObject: { name: "o" },
  updateMetadefObject: { name: "object1" },
  addMetadefProperty: { name: "p", ...TEXT },
  updateMetadefProperty: { name: "property1", ...TEXT },
  addMetadefTags: { tags: [{ name: "t" }] },
  updateMetadefTag: { name: "t" },
  addMetadefAssociation: { name: "T" },
};

/** What stands in paths: things that are there, and that everybody sees. */
async function everything(service: TestService): Promise<Given> {
  const { id } = await service.create(ADMIN, { ...FORMATS, visibility: "public", tags: ["tag1"] });
  const shared = await service.create(ADMIN, { owner: null });
  await service.deps.db.write.members.add({ imageId: shared.id, member: "p2", quota: -1 });
  const { ns } = await namespace(FULL)(service);
  return {
    image_id: id,
    shared: shared.id,
    ns: ns!,
    namespace: ns!,
    tag: "tag1",
    member_id: "p2",
    store_id: "a",
    object: "object1",
    property: "property1",
    resource_type: "MyResourceType",
  };
}

Deno.test("with every rule open nothing can be changed", async (t) => {
  const dir = await Deno.makeTempDir();
  try {
    const rules = Object.fromEntries(DEFAULT_RULES.map(({ name }) => [name, "@"]));
    // Or nobody would be an administrator.
    const policy = { ...rules, context_is_admin: "role:admin" };
    await Deno.writeTextFile(`${dir}/policy.yaml`, JSON.stringify(policy));
    await using service = await startService({
      ...THREE_STORES,
      "DEFAULT.allow_anonymous_access": "true",
      "oslo_policy.policy_file": `${dir}/policy.yaml`,
    });
    const given = await everything(service);
    const changing = (ROUTES as readonly RouteConfig[]).filter(({ method, operationId, security }) =>
      security?.length && method !== "get" && operationId !== "deleteTask"
    );
    const rows = changing.map(({ method, path, operationId, request }): Row => {
      const media = Object.keys(request?.body?.content ?? {})[0];
      const body = BODIES[operationId!];
      assert.equal(body !== undefined, media !== undefined, `a body for ${operationId}`);
      const at = path.includes("/members") ? path.replace("{image_id}", "{shared}") : path;
      return {
        name: operationId!,
        who: null,
        ask: `${method.toUpperCase()} ${at}`,
        ...(media === undefined ? {} : { headers: { "content-type": media }, body }),
        status: 403,
        has: "Read-only access",
      };
    });
    await runTable(t, service, rows, given);
    await runTable(t, service, [
      { name: "reading", who: null, ask: "GET /v2/images/{image_id}", status: 200 },
      { name: "listing", who: null, ask: "GET /v2/images", status: 200, has: given.image_id! },
    ], given);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("with the default rules nothing is to be read either", async (t) => {
  await using service = await startService({ "DEFAULT.allow_anonymous_access": "true" });
  const given = await everything(service);
  await runTable(t, service, [
    { name: "list", who: null, ask: "GET /v2/images", status: 403 },
    { name: "show", who: null, ask: "GET /v2/images/{image_id}", status: 404 },
    { name: "namespaces", who: null, ask: "GET /v2/metadefs/namespaces", status: 404 },
    { name: "create", who: null, ask: "POST /v2/images", body: {}, status: 403, has: "Read-only access" },
    { name: "schemas", who: null, ask: "GET /v2/schemas/image", status: 200 },
    { name: "info", who: null, ask: "GET /v2/info/import", status: 200 },
  ], given);
});

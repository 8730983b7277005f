/** The schema documents of metadata definitions (docs/reference/schemas.md §2, §6, §8), and rows from catalogue files. */
import assert from "node:assert/strict";
import { METADEF_SCHEMAS } from "../../openapi/metadefs.ts";
import { readCatalogueFile } from "../../src/metadefs/catalogue_file.ts";
import { done, FULL } from "../support/metadefs.ts";
import { ADMIN, startService, type TestService } from "../support/service.ts";

// deno-lint-ignore no-explicit-any
async function document(service: TestService, name: string): Promise<any> {
  return await done(service, `GET /v2/schemas/metadefs/${name}`);
}

const SINGLES = [
  ["namespace", "namespace", ["namespace"], "namespaces", "namespaces"],
  ["resource_type", "resource_type_association", ["name"], "resource_types", "resource_type_associations"],
  ["object", "object", ["name"], "objects", "objects"],
  ["tag", "tag", ["name"], "tags", "tags"],
] as const;

Deno.test("schema documents: names, wrappers and what is hoisted", async () => {
  await using service = await startService();
  for (const [path, name, required, collectionPath, collectionName] of SINGLES) {
    const single = await document(service, path);
    assert.equal(single.name, name);
    assert.equal(single.additionalProperties, false);
    assert.deepEqual(single.required, required);
    assert.ok(!("links" in single));
    const collection = await document(service, collectionPath);
    assert.equal(collection.name, collectionName);
    const { definitions, ...item } = single;
    assert.deepEqual(collection.properties[collectionName], { type: "array", items: item });
    assert.deepEqual(collection.definitions, definitions);
    assert.deepEqual(collection.links.map(({ rel }: { rel: string }) => rel), [
      "first",
      "next",
      "describedby",
    ]);
    assert.deepEqual(Object.keys(collection.properties), [collectionName, "first", "next", "schema"]);
  }
  const property = await document(service, "property");
  const properties = await document(service, "properties");
  assert.deepEqual(property.required, ["type", "title", "name"]);
  const item = properties.properties.properties.additionalProperties;
  assert.deepEqual(item, {
    name: "property",
    properties: property.properties,
    additionalProperties: false,
    required: ["type", "title"],
  });
  assert.equal(property.definitions.stringArray.minItems, 1);
  assert.ok(!("property" in property.definitions));
  const namespace = await document(service, "namespace");
  assert.ok(!("minItems" in namespace.definitions.stringArray));
  assert.deepEqual(namespace.definitions.property.additionalProperties.properties, property.properties);
  assert.equal(namespace.properties.description.maxLength, 500);
  assert.deepEqual(property.properties.type.enum.at(-1), null);
});

Deno.test("schema documents: for any token, GET only", async () => {
  await using service = await startService();
  for (const name of Object.keys(METADEF_SCHEMAS)) {
    const path = `/v2/schemas/metadefs/${name}`;
    assert.equal((await service.ask(path, { roles: "none", project: "p" })).status, 200, path);
    assert.equal((await service.ask(path, null)).status, 401, path);
    const head = await service.ask(path, ADMIN, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("allow")], [405, "GET"]);
  }
  assert.equal((await service.ask("/v2/schemas/metadefs", ADMIN)).status, 404);
});

Deno.test("trap 39: rows from a catalogue file have no updated_at, an absent visibility is private", async () => {
  await using service = await startService();
  const path = "/v2/metadefs/namespaces/F";
  const { display_name: _d, visibility: _v, ...rest } = FULL;
  await service.deps.db.write.metadefs.load({
    file: readCatalogueFile({
      namespace: "F",
      ...rest,
      properties: { p: { title: "T", type: "integer", default: 80, minimum: 1.5, unknown: "key" } },
    }),
    mode: "keep",
  });
  const shown = await done(service, `GET ${path}`);
  assert.ok(!JSON.stringify(shown).includes("updated_at"), JSON.stringify(shown));
  assert.deepEqual([shown.visibility, shown.protected, shown.owner], ["private", false, "admin"]);
  assert.deepEqual(shown.properties, { p: { type: "integer", title: "T", default: "80", minimum: 1 } });
  for (const below of ["/objects/object1", "/tags/tag1", "/resource_types", "/objects"]) {
    assert.ok(!JSON.stringify(await done(service, `GET ${path}${below}`)).includes("updated_at"), below);
  }
  assert.ok(!JSON.stringify(await done(service, "GET /v2/metadefs/resource_types")).includes("updated_at"));
  const changed = await done(service, `PUT ${path}/tags/tag1`, { name: "tag9" });
  assert.ok(!("updated_at" in changed), "the answer has the old time");
  assert.ok("updated_at" in await done(service, `GET ${path}/tags/tag9`));
  // A stored null is neither public nor private.
  const { namespaces } = await done(service, "GET /v2/metadefs/namespaces?visibility=private");
  assert.deepEqual(namespaces, []);
});

Deno.test("trap 38: a namespace that goes while a list is made does not break the list", async () => {
  await using service = await startService();
  const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
  for (const namespace of names) await done(service, "POST /v2/metadefs/namespaces", { namespace, ...FULL });
  const lists = Array.from({ length: 20 }, () => service.ask("/v2/metadefs/namespaces", ADMIN));
  const gone = names.map((name) =>
    service.ask(`/v2/metadefs/namespaces/${name}`, ADMIN, { method: "DELETE" })
  );
  for (const { status } of await Promise.all(lists)) assert.equal(status, 200);
  for (const { status } of await Promise.all(gone)) assert.equal(status, 204);
});

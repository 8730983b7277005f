/** Who may do what with metadata definitions, by default and by other rules (docs/reference/metadefs-api.md §3, §13). */
import assert from "node:assert/strict";
import { FULL, namespace, TEXT } from "../support/metadefs.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type Who } from "../support/service.ts";

const LIST = "/v2/metadefs/namespaces";
const NS = `${LIST}/{ns}`;

/** Every route below a namespace, with a body that is right. */
const READS = [
  "GET ",
  "GET /objects",
  "GET /objects/object1",
  "GET /properties",
  "GET /properties/property1",
  "GET /properties/MyPrefixproperty1?resource_type=MyResourceType",
  "GET /tags",
  "GET /tags/tag1",
  "GET /resource_types",
];
const WRITES: [ask: string, body?: unknown][] = [
  ["PUT ", { namespace: "{ns}" }],
  ["POST /objects", { name: "o" }],
  ["PUT /objects/object1", { name: "object1" }],
  ["DELETE /objects/object1"],
  ["DELETE /objects"],
  ["POST /properties", { name: "p", ...TEXT }],
  ["PUT /properties/property1", { name: "property1", ...TEXT }],
  ["DELETE /properties/property1"],
  ["DELETE /properties"],
  ["POST /tags/new"],
  ["POST /tags", { tags: [{ name: "t" }] }],
  ["PUT /tags/t", { name: "u" }],
  ["DELETE /tags/u"],
  ["DELETE /tags"],
  ["POST /resource_types", { name: "T" }],
  ["DELETE /resource_types/T"],
  ["DELETE "],
];

async function statuses(service: Awaited<ReturnType<typeof startService>>, who: Who | null, ns: string) {
  const ask = async (text: string, body?: unknown) => {
    const mark = text.indexOf(" ");
    const filled = body === undefined ? undefined : JSON.stringify(body).replace("{ns}", ns);
    const answer = await service.ask(`${LIST}/${ns}${text.slice(mark + 1)}`, who, {
      method: text.slice(0, mark),
      ...(filled === undefined ? {} : { body: filled }),
    });
    await answer.body?.cancel();
    return answer.status;
  };
  const reads = new Set<number>();
  for (const text of READS) reads.add(await ask(text));
  const writes = new Set<number>();
  for (const [text, body] of WRITES) writes.add(await ask(text, body));
  return { reads: [...reads], writes: [...writes] };
}

Deno.test("the default rules: every caller on every route of a public and a private namespace", async () => {
  await using service = await startService();
  const make = async (visibility: string) => (await namespace({ ...FULL, visibility })(service)).ns!;
  const none = { roles: "other", project: "p1" };
  const member = { roles: "member", project: "p1" };
  const rows: [name: string, who: Who | null, visibility: string, reads: number, writes: number][] = [
    ["own reader", READER, "private", 200, 403],
    ["own reader", READER, "public", 200, 403],
    ["own member and reader (trap 7)", OWNER, "private", 200, 403],
    ["another project (trap 8)", STRANGER, "private", 404, 404],
    ["another project (trap 8)", STRANGER, "public", 200, 403],
    ["no reader (trap 42)", member, "private", 404, 404],
    ["no reader (trap 42)", member, "public", 404, 404],
    ["no role", none, "public", 404, 404],
    ["nobody", null, "public", 401, 401],
  ];
  for (const [name, who, visibility, reads, writes] of rows) {
    const found = await statuses(service, who, await make(visibility));
    assert.deepEqual(found, { reads: [reads], writes: [writes] }, `${name}, ${visibility}`);
  }
  const admin = await statuses(service, ADMIN, await make("private"));
  assert.deepEqual(admin.reads, [200]);
  assert.ok(admin.writes.every((status) => status < 300), String(admin.writes));
});

/** A service with these rules, and a namespace of OWNER with everything in it. */
async function withRules(
  rules: Record<string, string>,
  expected: Record<string, number>,
  look?: (answers: Record<string, string>, ask: (path: string) => Promise<Response>) => Promise<void> | void,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/policy.yaml`, JSON.stringify(rules));
    await using service = await startService({ "oslo_policy.policy_file": `${folder}/policy.yaml` });
    const answers: Record<string, string> = {};
    for (const [key, status] of Object.entries(expected)) {
      const { ns } = await namespace(FULL)(service).catch(() => ({ ns: "none" }));
      const mark = key.indexOf(" ");
      const [text, body] = key.slice(mark + 1).split("  ");
      const answer = await service.ask(text!.replace("{ns}", ns!), OWNER, {
        method: key.slice(0, mark),
        ...(body ? { body } : {}),
      });
      answers[key] = await answer.text();
      assert.equal(answer.status, status, `${key}: ${answers[key]}`);
    }
    await look?.(answers, (path) => service.ask(path, OWNER));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("trap 10: the list denied is 403 when one may see a namespace, else 404", async () => {
  await withRules({ get_metadef_namespaces: "!" }, { [`GET ${LIST}`]: 403 });
  await withRules({ get_metadef_namespaces: "!", get_metadef_namespace: "!" }, { [`GET ${LIST}`]: 404 });
});

Deno.test("trap 11: namespaces that one may not see vanish from the list", () =>
  withRules({ get_metadef_namespace: "!" }, { [`GET ${LIST}`]: 200, [`GET ${NS}`]: 404 }, (answers) => {
    assert.deepEqual(JSON.parse(answers[`GET ${LIST}`]!).namespaces, []);
  }));

Deno.test("traps 12 and 13: a part denied is 403 for the whole namespace", async () => {
  await withRules({ list_metadef_resource_types: "!" }, { [`GET ${LIST}`]: 403, [`GET ${NS}`]: 403 });
  for (const rule of ["get_metadef_objects", "get_metadef_properties", "get_metadef_tags"]) {
    await withRules({ [rule]: "!" }, { [`GET ${NS}`]: 403, [`GET ${LIST}`]: 200 });
  }
});

Deno.test("single items denied: objects vanish from their list, associations too", () =>
  withRules(
    { get_metadef_object: "!", get_metadef_resource_type: "!" },
    {
      [`GET ${NS}/objects`]: 200,
      [`GET ${NS}/objects/object1`]: 403,
      [`GET ${NS}/resource_types`]: 200,
      [`GET ${NS}/properties/MyPrefixproperty1?resource_type=MyResourceType`]: 403,
    },
    (answers) => {
      assert.deepEqual(JSON.parse(answers[`GET ${NS}/objects`]!).objects, []);
      assert.deepEqual(JSON.parse(answers[`GET ${NS}/resource_types`]!), { resource_type_associations: [] });
    },
  ));

Deno.test("trap 14: a part that one may not add leaves no namespace behind", async () => {
  const parts: [rule: string, body: Record<string, unknown>][] = [
    ["add_metadef_object", { objects: [{ name: "o" }] }],
    ["add_metadef_property", { properties: { p: TEXT } }],
    ["add_metadef_tag", { tags: [{ name: "t" }] }],
    ["add_metadef_resource_type_association", { resource_type_associations: [{ name: "r" }] }],
  ];
  for (const [rule, body] of parts) {
    const create = (what: unknown) => `POST ${LIST}  ${JSON.stringify(what)}`;
    await withRules(
      { add_metadef_namespace: "@", [rule]: "!" },
      {
        [create({ namespace: "new", ...body })]: 403,
        [`GET ${LIST}/new`]: 404,
        [create({ namespace: "new" })]: 201,
      },
    );
  }
});

Deno.test("trap 15: all at once goes by delete_metadef_namespace, tags by delete_metadef_tags besides", async () => {
  await withRules(
    { delete_metadef_namespace: "@", delete_metadef_object: "!", remove_metadef_property: "!" },
    {
      [`DELETE ${NS}/objects`]: 204,
      [`DELETE ${NS}/objects/object1`]: 403,
      [`DELETE ${NS}/properties`]: 204,
      [`DELETE ${NS}/properties/property1`]: 403,
      [`DELETE ${NS}/tags`]: 403,
    },
  );
  await withRules({ delete_metadef_object: "@", remove_metadef_property: "@", delete_metadef_tags: "@" }, {
    [`DELETE ${NS}/objects`]: 403,
    [`DELETE ${NS}/objects/object1`]: 204,
    [`DELETE ${NS}/properties`]: 403,
    [`DELETE ${NS}/properties/property1`]: 204,
    [`DELETE ${NS}/tags`]: 403,
  });
  await withRules({ delete_metadef_namespace: "@", delete_metadef_tags: "@" }, {
    [`DELETE ${NS}/tags`]: 204,
  });
});

Deno.test("next follows what is left of a page, not what policy took out of it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const rules = { get_metadef_namespace: "'public':%(visibility)s" };
    await Deno.writeTextFile(`${folder}/policy.yaml`, JSON.stringify(rules));
    await using service = await startService({ "oslo_policy.policy_file": `${folder}/policy.yaml` });
    for (const visibility of ["public", "private", "public"]) await namespace({ visibility })(service);
    const page = async (limit: number) => await (await service.ask(`${LIST}?limit=${limit}`, OWNER)).json();
    const three = await page(3);
    assert.deepEqual([three.namespaces.length, three.next], [2, undefined]);
    const one = await page(1);
    assert.deepEqual([one.namespaces.length, one.next?.startsWith(`${LIST}?limit=1&marker=`)], [1, true]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

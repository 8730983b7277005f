/** Rules of a policy file through every verb: docs/reference/policy.md §6, §10 (the numbers are those of its lines). */
import assert from "node:assert/strict";
import { active, queued, sharedWith } from "../support/images.ts";
import { FORMATS, stage, staged, THREE_STORES } from "../support/imports.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, PATCH_TYPE, startService, STRANGER, type TestService } from "../support/service.ts";

const OCTETS = { "content-type": "application/octet-stream" };

/** Runs rows on a service with several stores and these rules. */
async function withRules(t: Deno.TestContext, rules: Record<string, string>, rows: Row[]): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/policy.yaml`, JSON.stringify(rules));
    await using service = await startService({
      ...THREE_STORES,
      "oslo_policy.policy_file": `${dir}/policy.yaml`,
    });
    await t.step(JSON.stringify(rules), (t) => runTable(t, service, rows));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const settled = (service: TestService) => service.deps.background.settled();

interface Verb {
  rule: string;
  status: number;
  row: Omit<Row, "name" | "status">;
}

const reactivated = async (service: TestService): Promise<Given> => {
  const { id } = await active()(service) as { id: string };
  await service.deps.db.write.images.transition({ id, from: ["active"], to: "deactivated", limit: null });
  return { id };
};
const image = "/v2/images/{id}";

/** What changes or reads an existing image, with the rule that it goes by and the answer when that rule allows. */
const VERBS: Verb[] = [
  { rule: "delete_image", status: 204, row: { given: active(), ask: `DELETE ${image}` } },
  { rule: "download_image", status: 200, row: { given: active(), ask: `GET ${image}/file` } },
  {
    rule: "upload_image",
    status: 204,
    row: { given: queued(FORMATS), ask: `PUT ${image}/file`, headers: OCTETS, body: "data" },
  },
  { rule: "deactivate", status: 204, row: { given: active(), ask: `POST ${image}/actions/deactivate` } },
  { rule: "reactivate", status: 204, row: { given: reactivated, ask: `POST ${image}/actions/reactivate` } },
  {
    rule: "modify_image",
    status: 200,
    row: {
      given: queued(),
      ask: `PATCH ${image}`,
      headers: { "content-type": PATCH_TYPE },
      body: [{ op: "replace", path: "/name", value: "x" }],
    },
  },
  { rule: "modify_image", status: 204, row: { given: queued(), ask: `PUT ${image}/tags/a` } },
  {
    rule: "modify_image",
    status: 204,
    row: { given: queued({ tags: ["a"] }), ask: `DELETE ${image}/tags/a` },
  },
  {
    rule: "modify_image",
    status: 204,
    row: { given: queued(), ask: `PUT ${image}/stage`, headers: OCTETS, body: "data" },
  },
  {
    rule: "modify_image",
    status: 202,
    row: {
      given: async (service) => ({ id: await staged(service, "data") }),
      ask: `POST ${image}/import`,
      body: { method: { name: "glance-direct" } },
    },
  },
  {
    rule: "copy_image",
    status: 202,
    row: {
      given: active(),
      ask: `POST ${image}/import`,
      body: { method: { name: "copy-image" }, stores: ["b"] },
    },
  },
];
const RULES = [...new Set(VERBS.map(({ rule }) => rule))];

/** Whom the rules of this table deny; what a row begins with is made by somebody else. */
const BARRED = { ...OWNER, roles: "member,reader,barred" };
const DENY = "not role:barred";

Deno.test("5, 6: 403 when the rule denies, 404 when get_image denies too, and no other rule is asked", async (t) => {
  for (const rule of RULES) {
    const rows = (denied: number | null): Row[] =>
      VERBS.filter((verb) => verb.rule === rule).map(({ status, row }) => ({
        name: rule,
        ...row,
        who: BARRED,
        status: denied ?? status,
        ...(denied === null ? { then: settled } : {}),
      }));
    await withRules(t, { [rule]: DENY }, rows(403));
    await withRules(t, { [rule]: DENY, get_image: DENY }, rows(404));
    const others = Object.fromEntries(RULES.map((name) => [name, DENY]));
    await withRules(t, { ...others, [rule]: "@", get_image: DENY }, rows(null));
  }
});

Deno.test("4: the list and its images have rules of their own", async (t) => {
  const list: Row = { name: "list", given: queued(), ask: "GET /v2/images", status: 200 };
  const show: Row = { name: "show", given: queued(), ask: `GET ${image}`, status: 200 };
  await withRules(t, { get_images: "!", get_image: "@" }, [{ ...list, status: 403 }, show]);
  await withRules(t, { get_images: "@", get_image: "!" }, [
    { ...list, json: { images: [] } },
    { ...show, status: 404 },
  ]);
  await withRules(t, { get_image: "@" }, [{ ...show, name: "does not reveal", who: STRANGER, status: 404 }]);
});

Deno.test("7, 8: members", async (t) => {
  const given = sharedWith("pending");
  const one = `${image}/members/p2`;
  await withRules(t, { get_members: "@", get_member: "!" }, [
    { name: "list", given, ask: `GET ${image}/members`, status: 200, json: { members: [] } },
    { name: "show", given, ask: `GET ${one}`, status: 404 },
    { name: "answer", given, who: STRANGER, ask: `PUT ${one}`, body: { status: "accepted" }, status: 403 },
    { name: "remove", given, ask: `DELETE ${one}`, status: 403 },
  ]);
  await withRules(t, { get_members: "!" }, [
    { name: "list", given, ask: `GET ${image}/members`, status: 403 },
  ]);
  await withRules(t, { get_image: "!" }, [
    { name: "list", given, ask: `GET ${image}/members`, status: 404 },
    { name: "add", given, ask: `POST ${image}/members`, body: { member: "p3" }, status: 404 },
  ]);
});

Deno.test("10: not even an administrator adds members to what is not shared", async (t) => {
  await using service = await startService();
  await runTable(
    t,
    service,
    ["private", "public", "community"].map((visibility) => ({
      name: visibility,
      who: ADMIN,
      given: async (service) => ({ id: (await service.create(ADMIN, { visibility })).id }),
      ask: `POST ${image}/members`,
      body: { member: "p2" },
      status: 403,
      has: "Only shared images have members",
    })),
  );
});

Deno.test("12: tokens of a system or a domain are refused before any rule", async (t) => {
  await using service = await startService();
  const scopes = {
    system: { "openstack-system-scope": "all" },
    domain: { "x-domain-id": "default" },
  };
  for (const [scope, headers] of Object.entries(scopes)) {
    const who = { roles: "admin,member,reader", headers };
    const rows: [ask: string, status: number, body?: unknown][] = [
      ["GET /v2/images", 403],
      ["POST /v2/images", 403, {}],
      ["GET /v2/images/{id}", 404],
      ["GET /v2/images/{id}/file", 404],
      ["DELETE /v2/images/{id}", 404],
      ["GET /v2/images/{id}/tasks", 404],
      ["GET /v2/tasks", 403],
      ["GET /v2/metadefs/namespaces", 404],
      ["POST /v2/metadefs/namespaces", 404, { namespace: "n" }],
      ["GET /v2/metadefs/namespaces/none", 404],
      ["GET /v2/metadefs/resource_types", 404],
      ["GET /v2/schemas/image", 200],
      ["GET /v2/info/import", 200],
      ["GET /v2/info/usage", 200],
    ];
    await t.step(scope, (t) =>
      runTable(
        t,
        service,
        rows.map(([ask, status, body]) => ({
          name: `${scope} scope`,
          who,
          given: queued({ visibility: "community" }),
          ask,
          status,
          ...(body === undefined ? {} : { body }),
        })),
      ));
  }
});

Deno.test("19: a change of the file holds without a restart", async () => {
  const dir = await Deno.makeTempDir();
  const file = `${dir}/policy.yaml`;
  try {
    await Deno.writeTextFile(file, "{}");
    await using service = await startService({ "oslo_policy.policy_file": file });
    const list = async () => (await service.ask("/v2/images", OWNER)).status;
    assert.equal(await list(), 200);
    await Deno.writeTextFile(file, '"get_images": "!"\n');
    const until = Date.now() + 10_000;
    while (await list() !== 403) {
      assert.ok(Date.now() < until, "the change is not taken up");
      await new Promise((done) => setTimeout(done, 50));
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("27: copy-image by a member of another project on a private image", async (t) => {
  await using service = await startService(THREE_STORES);
  await runTable(t, service, [{
    name: "404",
    who: STRANGER,
    given: active({ visibility: "private" }),
    ask: `POST ${image}/import`,
    body: { method: { name: "copy-image" }, stores: ["b"] },
    status: 404,
  }]);
});

Deno.test("tasks 18: with the tasks API closed imports and the tasks of an image go on", async (t) => {
  await withRules(t, { tasks_api_access: "!" }, [
    { name: "tasks", who: ADMIN, ask: "GET /v2/tasks", status: 403 },
    {
      name: "import, and its task",
      given: async (service) => {
        const { id } = await service.create(OWNER, FORMATS);
        await stage(service, id, "data");
        return { id };
      },
      ask: `POST ${image}/import`,
      body: { method: { name: "glance-direct" } },
      status: 202,
      async then(service, { id }) {
        await settled(service);
        const { tasks } = await (await service.ask(`/v2/images/${id}/tasks`, OWNER)).json();
        assert.deepEqual(tasks.map(({ status }: { status: string }) => status), ["success"]);
      },
    },
  ]);
});

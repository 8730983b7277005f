/** Property protections through the API: docs/reference/policy.md §9.3, §10 (20 to 24). */
import assert from "node:assert/strict";
import { FORMATS } from "../support/imports.ts";
import { add, changes, refuses, remove, replace } from "../support/patch_rows.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, startService, type TestService, type Who } from "../support/service.ts";

const SPL: Who = { roles: "member,reader,spl_role", project: "p1" };
const MEMBER: Who = { roles: "member,reader", project: "p1" };
/** Names of properties say who may do what with them. */
const ROLES = `
[^x_owner_.*]
create = admin,member
read = admin,member
update = admin,member
delete = admin,member
[^spl_readable]
create = admin,spl_role
read = admin,spl_role,member
update = admin,spl_role
delete = admin,spl_role
[^spl_.*]
create = admin,spl_role
read = admin,spl_role
update = admin,spl_role
delete = admin,spl_role
[^write_only]
create = admin,member
read = admin
update = admin
delete = admin
[^fixed]
create = @
read = @
update = !
delete = !
[^all_.*]
create = @
read = @
update = @
delete = @
[^none_.*]
create = !
read = !
update = !
delete = !
`;
const POLICIES = `
[^spl_.*]
create = glance_creator
read = glance_creator
update = glance_creator
delete = glance_creator
[.*]
create = @
read = @
update = @
delete = @
`;

async function withProtections(
  t: Deno.TestContext,
  text: string,
  format: "roles" | "policies",
  rows: Row[],
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/protections.conf`, text);
    await Deno.writeTextFile(
      `${dir}/policy.yaml`,
      '"glance_creator": "role:admin or role:spl_role"\n',
    );
    await using service = await startService({
      "DEFAULT.property_protection_file": `${dir}/protections.conf`,
      "DEFAULT.property_protection_rule_format": format,
      "oslo_policy.policy_file": `${dir}/policy.yaml`,
    });
    await runTable(t, service, rows);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const creates = (name: string, who: Who, status: number, more: Partial<Row> = {}): Row => ({
  name: `create ${name}`,
  who,
  ask: "POST /v2/images",
  body: { [name]: "v" },
  status,
  ...(status === 403 ? { has: `Attribute '${name}' is reserved.` } : {}),
  ...more,
});

/** An image of p1 with every kind of property. */
const given: Row["given"] = async (service) => ({
  id: (await service.create(ADMIN, {
    owner: "p1",
    x_owner_a: "1",
    spl_a: "1",
    spl_readable: "1",
    write_only: "1",
    fixed: "1",
    all_a: "1",
    ...FORMATS,
  })).id,
});

/** The hidden property is there for those who may read it. */
async function keepsHidden(service: TestService, { id }: { id?: string }): Promise<void> {
  const image = await (await service.ask(`/v2/images/${id}`, ADMIN)).json();
  assert.deepEqual([image.spl_a, image.write_only], ["1", "1"]);
}

Deno.test("format roles", async (t) => {
  await withProtections(t, ROLES, "roles", [
    creates("x_owner_a", MEMBER, 201, { json: { x_owner_a: "v" } }),
    creates("spl_a", SPL, 201, { json: { spl_a: "v" } }),
    creates("spl_a", MEMBER, 403),
    creates("all_a", MEMBER, 201),
    creates("none_a", ADMIN, 403),
    creates("of_no_section", ADMIN, 403),
    creates("write_only", MEMBER, 201, {
      json: { write_only: undefined },
      async then(service, _given, body) {
        const shown = await service.ask(`/v2/images/${JSON.parse(body).id}`, ADMIN);
        assert.equal((await shown.json()).write_only, "v", "it is stored, though its maker may not read it");
      },
    }),
    {
      name: "a role of the service token counts",
      who: {
        ...MEMBER,
        headers: { "x-service-roles": "spl_role", "x-service-identity-status": "Confirmed" },
      },
      ask: "POST /v2/images",
      body: { spl_a: "v" },
      status: 201,
    },
    {
      name: "base attributes are not governed",
      ask: "POST /v2/images",
      body: { name: "n", min_disk: 1, tags: ["t"], protected: false },
      status: 201,
    },
    {
      name: "one who may read",
      who: SPL,
      given,
      ask: "GET /v2/images/{id}",
      status: 200,
      json: { spl_a: "1" },
    },
    {
      name: "one who may not",
      who: MEMBER,
      given,
      ask: "GET /v2/images/{id}",
      status: 200,
      json: { spl_a: undefined, write_only: undefined, spl_readable: "1" },
    },
    changes("update", [replace("/x_owner_a", "2")], { x_owner_a: "2", spl_a: undefined }, {
      given,
      who: MEMBER,
      then: keepsHidden,
    }),
    refuses(403, "update not granted", [replace("/spl_readable", "2")], "spl_readable", {
      given,
      who: MEMBER,
    }),
    refuses(403, "add of what is there, not granted", [add("/fixed", "2")], "fixed", { given, who: MEMBER }),
    refuses(403, "delete not granted", [remove("/spl_readable")], "spl_readable", { given, who: MEMBER }),
    refuses(403, "not even an administrator", [remove("/fixed")], "fixed", { given, who: ADMIN }),
    refuses(409, "replace of the unreadable", [replace("/spl_a", "2")], "does not exist", {
      given,
      who: MEMBER,
    }),
    refuses(409, "remove of the unreadable", [remove("/spl_a")], "does not exist", { given, who: MEMBER }),
    refuses(403, "add of the unreadable, create not granted", [add("/spl_a", "2")], "spl_a", {
      given,
      who: MEMBER,
    }),
    refuses(403, "add of the new, create not granted", [add("/spl_new", "2")], "spl_new", {
      given,
      who: MEMBER,
    }),
    changes("add of what the caller may not read", [add("/write_only", "2")], { write_only: undefined }, {
      given,
      who: MEMBER,
      async then(service, { id }) {
        assert.equal((await (await service.ask(`/v2/images/${id}`, ADMIN)).json()).write_only, "2");
      },
    }),
    changes("remove", [remove("/all_a")], { all_a: undefined }, { given, who: MEMBER, then: keepsHidden }),
    {
      name: "a tag keeps the hidden",
      who: MEMBER,
      given,
      ask: "PUT /v2/images/{id}/tags/t",
      status: 204,
      then: keepsHidden,
    },
    {
      name: "an upload keeps the hidden",
      who: MEMBER,
      given,
      ask: "PUT /v2/images/{id}/file",
      headers: { "content-type": "application/octet-stream" },
      body: "data",
      status: 204,
      then: keepsHidden,
    },
    { name: "deletion is not affected", who: MEMBER, given, ask: "DELETE /v2/images/{id}", status: 204 },
  ]);
});

Deno.test("format policies: rules of the policy file", async (t) => {
  await withProtections(t, POLICIES, "policies", [
    creates("spl_a", SPL, 201),
    creates("spl_a", ADMIN, 201),
    creates("spl_a", MEMBER, 403),
    creates("other", MEMBER, 201),
    // A PATCH cannot express blanks around a name, so a POST is checked without them too.
    creates(" spl_a", MEMBER, 403),
    creates("spl_a\u00a0", MEMBER, 403),
    creates(" spl_a", SPL, 201),
    creates(" os_glance_import_task", ADMIN, 403),
    refuses(403, "add with blanks", [add("/ spl_new", "2")], "spl_new", { given, who: MEMBER }),
    refuses(403, "add", [add("/spl_new", "2")], "spl_new", { given, who: MEMBER }),
    changes("add", [add("/spl_new", "2")], { spl_new: "2" }, { given, who: SPL }),
  ]);
});

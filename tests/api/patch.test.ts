/** What PATCH does to an image: docs/reference/images-api.md §3.3, §5.4, §9.5. */
import assert from "node:assert/strict";
import type { ImageRecord } from "../../db/records.ts";
import { active } from "../support/images.ts";
import { add, changes, refuses, remove, replace } from "../support/patch_rows.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";
import { MARIADB } from "../support/mariadb_database.ts";

const V20 = "application/openstack-images-v2.0-json-patch";
const detail = (message: string) => `<br /><br />\\n${message}\\n\\n`;

async function record(service: TestService, { id }: Given): Promise<ImageRecord> {
  return (await service.deps.db.read.images.show({ id: id!, viewer: { isAdmin: true, projectId: null } }))!;
}

const VALUES: [string, unknown][] = [
  ["name", "new"],
  ["name", null],
  ["name", ""],
  ["visibility", "private"],
  ["visibility", "community"],
  ["protected", true],
  ["os_hidden", true],
  ["tags", ["b", "a"]],
  ["tags", []],
  ["min_ram", 512],
  ["min_disk", 2147483647],
  ["disk_format", "qcow2"],
  ["container_format", "bare"],
  ["disk_format", null],
];

const OPERATIONS: Row[] = [
  ...VALUES.flatMap(([name, value]) => [
    changes(`replace of ${name}`, [replace(`/${name}`, value)], { [name]: value }),
    changes(`add of ${name} overwrites`, [add(`/${name}`, value)], { [name]: value }),
    changes(`old replace of ${name}`, [{ replace: `/${name}`, value }], { [name]: value }, { type: V20 }),
    refuses(
      409,
      `old add of ${name}`,
      [{ add: `/${name}`, value }],
      detail(`Property ${name} already present.`),
      {
        type: V20,
      },
    ),
  ]),
  ...[
    "name",
    "visibility",
    "protected",
    "os_hidden",
    "tags",
    "min_ram",
    "min_disk",
    "disk_format",
    "container_format",
  ]
    .flatMap((name) => [
      refuses(403, `remove of ${name}`, [remove(`/${name}`)], detail(`Property ${name} may not be removed.`)),
      refuses(
        403,
        `old remove of ${name}`,
        [{ remove: `/${name}` }],
        `Property ${name} may not be removed.`,
        {
          type: V20,
        },
      ),
    ]),
  changes("tags collapse", [replace("/tags", ["a", "b", "a"])], { tags: ["a", "b"] }),

  changes("replace of a property", [replace("/kind", "w")], { kind: "w" }),
  changes("add of a property that is there", [add("/kind", "w")], { kind: "w" }),
  changes("add of a property", [add("/other", "w")], { kind: "v", other: "w" }),
  changes("remove of a property", [remove("/kind")], { kind: undefined }),
  changes("old replace of a property", [{ replace: "/kind", value: "w" }], { kind: "w" }, { type: V20 }),
  changes("old add of a property", [{ add: "/other", value: "w" }], { other: "w" }, { type: V20 }),
  changes("old remove of a property", [{ remove: "/kind" }], { kind: undefined }, { type: V20 }),
  refuses(409, "replace of an absent property", [replace("/no", "w")], [
    "There was a conflict when trying to complete your request.",
    detail("Property no does not exist."),
  ]),
  refuses(409, "remove of an absent property", [remove("/no")], detail("Property no does not exist.")),
  refuses(
    409,
    "old add of a present property",
    [{ add: "/kind", value: "w" }],
    detail("Property kind already present."),
    {
      type: V20,
    },
  ),
  refuses(
    409,
    "old replace of an absent property",
    [{ replace: "/no", value: "w" }],
    "Property no does not exist.",
    {
      type: V20,
    },
  ),
  refuses(409, "old remove of an absent property", [{ remove: "/no" }], "Property no does not exist.", {
    type: V20,
  }),
  changes("a name with / and ~", [add("/a~1b~0c", "w")], { "a/b~c": "w" }),
  changes("a name like a location", [add("/locations~1x", "w")], {
    "locations/x": "w",
    locations: undefined,
  }),
  changes("a name in blanks", [add("/ other ", "w")], { other: "w" }),
  changes("a leading //", [add("//other", "w")], { other: "w" }),
  changes("internal names of upstream are properties", [add("/image_id", "w"), add("/member", "x")], {
    image_id: "w",
    member: "x",
  }),
  changes("names that JavaScript knows", [add("/constructor", "w"), add("/__proto__", "x")], {}, {
    then(_service, _given, body) {
      assert.ok(body.includes('"constructor":"w"') && body.includes('"__proto__":"x"'), body);
    },
  }),

  changes("a later operation sees the earlier", [add("/a", "1"), replace("/a", "2")], { a: "2" }),
  changes("added and removed", [add("/a", "1"), remove("/a")], { a: undefined }),
  changes("removed and added", [remove("/kind"), add("/kind", "2")], { kind: "2" }),
  refuses(
    409,
    "removed and replaced",
    [remove("/kind"), replace("/kind", "2")],
    "Property kind does not exist.",
  ),
  refuses(409, "all or nothing", [replace("/name", "new"), add("/a", "1"), remove("/no")], "does not exist"),
  refuses(403, "all or nothing", [replace("/tags", []), remove("/name")], "may not be removed"),

  changes("an empty document changes nothing", [], { name: "n" }, {
    async then(service, given) {
      const { created_at, updated_at } = await record(service, given);
      assert.equal(updated_at, created_at);
    },
  }),
  changes("the same value again is a change", [replace("/name", "n")], { name: "n" }, {
    async then(service, given) {
      const { created_at, updated_at } = await record(service, given);
      // MariaDB keeps whole seconds.
      if (MARIADB === null) assert.ok(updated_at > created_at);
    },
  }),
  changes("the whole entity comes back", [replace("/name", "new")], {
    id: "{id}",
    self: "/v2/images/{id}",
    schema: "/v2/schemas/image",
    status: "queued",
    kind: "v",
  }),
];

Deno.test("operations of PATCH", async (t) => {
  await using service = await startService();
  await runTable(t, service, OPERATIONS);
});

Deno.test("two PATCHes at once keep each other's changes", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, { a: "0", b: "0" });
  const answers = await Promise.all([
    service.patch(id, OWNER, [replace("/a", "1"), replace("/name", "n")]),
    service.patch(id, OWNER, [replace("/b", "1"), replace("/min_ram", 5)]),
    service.patch(id, OWNER, [add("/c", "1"), replace("/tags", ["t"])]),
  ]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200]);
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  const { a, b, c, name, min_ram, tags } = image;
  assert.deepEqual({ a, b, c, name, min_ram, tags }, {
    a: "1",
    b: "1",
    c: "1",
    name: "n",
    min_ram: 5,
    tags: ["t"],
  });
});

Deno.test("a PATCH that read before a deactivation does not take it back", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  const [patched, deactivated] = await Promise.all([
    service.patch(id, OWNER, [replace("/name", "new")]),
    service.ask(`/v2/images/${id}/actions/deactivate`, OWNER, { method: "POST" }),
  ]);
  assert.deepEqual([patched.status, deactivated.status], [200, 204]);
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual([image.status, image.name], ["deactivated", "new"]);
});

/** What PATCH does to an image: spec/images-api.md §3.3, §3.5, §3.9, §5.4, §5.5 and §9.5. */
import assert from "node:assert/strict";
import type { ImageRecord } from "../../db/records.ts";
import { active, inStatus, queued, sharedWith } from "../support/images.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import {
  ADMIN,
  OWNER,
  PATCH_TYPE,
  READER,
  startService,
  STRANGER,
  type TestService,
  type Who,
} from "../support/service.ts";

const V20 = "application/openstack-images-v2.0-json-patch";
const GENERIC = "The resource could not be found.";
const detail = (message: string) => `<br /><br />\\n${message}\\n\\n`;

interface Asked {
  given?: Row["given"];
  who?: Who;
  type?: string;
  then?: Row["then"];
}

const patch = (name: string, body: unknown[], more: Asked = {}) => ({
  name,
  given: more.given ?? queued({ name: "n", tags: ["t"], kind: "v" }),
  ...(more.who ? { who: more.who } : {}),
  ask: "PATCH /v2/images/{id}",
  headers: { "content-type": more.type ?? PATCH_TYPE },
  body,
  ...(more.then ? { then: more.then } : {}),
});
const changes = (name: string, body: unknown[], json: unknown, more: Asked = {}): Row => ({
  ...patch(name, body, more),
  status: 200,
  json,
});
const refuses = (status: number, name: string, body: unknown[], has: Row["has"], more: Asked = {}): Row => ({
  ...patch(name, body, more),
  status,
  has: has!,
});
const replace = (path: string, value: unknown) => ({ op: "replace", path, value });
const add = (path: string, value: unknown) => ({ op: "add", path, value });
const remove = (path: string) => ({ op: "remove", path });

async function record(service: TestService, { id }: Given): Promise<ImageRecord> {
  return (await service.deps.db.read.image({ id: id!, viewer: { isAdmin: true, projectId: null } }))!;
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
      assert.ok(updated_at > created_at);
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

const visibility = (value: string) => [replace("/visibility", value)];
const RIGHTS: Row[] = [
  changes("an administrator on another's image", [replace("/name", "new")], { name: "new", owner: "p1" }, {
    who: ADMIN,
  }),
  refuses(
    403,
    "a reader",
    [replace("/name", "new")],
    "You are not authorized to complete modify_image action.",
    {
      who: READER,
    },
  ),
  refuses(403, "a member of the image", [replace("/name", "new")], "modify_image", {
    who: STRANGER,
    given: sharedWith("accepted"),
  }),
  refuses(404, "a stranger", [replace("/name", "new")], "No image found with ID {id}", { who: STRANGER }),
  refuses(403, "a stranger on a community image", [replace("/name", "new")], "modify_image", {
    who: STRANGER,
    given: queued({ visibility: "community" }),
  }),
  refuses(404, "somebody who may not even read", [replace("/name", "new")], GENERIC, {
    who: { roles: "none", project: "p1" },
  }),
  refuses(404, "an empty document by a stranger", [], "No image found", { who: STRANGER }),
  changes("an empty document by a reader", [], { name: "n" }, { who: READER }),
  refuses(
    403,
    "public by a member",
    visibility("public"),
    "not authorized to complete publicize_image action",
  ),
  refuses(403, "public by add", [add("/visibility", "public")], "publicize_image"),
  changes("public by an administrator", visibility("public"), { visibility: "public" }, { who: ADMIN }),
  refuses(403, "publicize_image before modify_image", visibility("public"), "publicize_image", {
    who: READER,
  }),
  refuses(403, "communitize_image before modify_image", visibility("community"), "communitize_image", {
    who: READER,
  }),
  refuses(403, "only modify_image for private", visibility("private"), "modify_image", { who: READER }),
  refuses(
    403,
    "the owner by its member",
    [replace("/owner", "p2")],
    detail("Owner can't be updated by non admin."),
  ),
  refuses(403, "the owner by add", [add("/owner", "p2")], "Owner can't be updated by non admin."),
  refuses(403, "the owner, even the same", [replace("/owner", "p1")], "Owner can't be updated by non admin."),
  changes("the owner by an administrator", [replace("/owner", "p2")], { owner: "p2" }, { who: ADMIN }),
  changes("no owner by an administrator", [replace("/owner", null)], { owner: null }, { who: ADMIN }),
  changes("private hides the memberships and keeps them", visibility("private"), { visibility: "private" }, {
    given: sharedWith("accepted"),
    async then(service, { id }) {
      assert.equal((await service.ask(`/v2/images/${id}`, STRANGER)).status, 404);
      assert.equal((await service.patch(id!, OWNER, visibility("shared"))).status, 200);
      assert.equal((await service.ask(`/v2/images/${id}`, STRANGER)).status, 200);
      const { members } = await (await service.ask(`/v2/images/${id}/members`, OWNER)).json();
      assert.equal(members[0].status, "accepted");
    },
  }),
  refuses(404, "an image that was deleted", [replace("/name", "new")], "No image found with ID {id}", {
    async given(service) {
      const { id } = await service.create(OWNER);
      await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
      return { id };
    },
  }),
];

const OPEN = ["queued", "importing"] as const;
const FIXED = ["saving", "uploading", "active", "deactivated", "killed"] as const;
const STATUSES: Row[] = [
  ...[...OPEN, ...FIXED].map((status) =>
    changes(`any status: ${status}`, [replace("/name", "new"), add("/a", "b"), replace("/tags", ["x"])], {
      name: "new",
      status,
    }, { given: inStatus(status) })
  ),
  ...["disk_format", "container_format"].flatMap((name) => {
    const value = name === "disk_format" ? "raw" : "bare";
    return [
      ...OPEN.map((status) =>
        changes(`formats while ${status}`, [replace(`/${name}`, value)], { [name]: value }, {
          given: inStatus(status),
        })
      ),
      ...FIXED.flatMap((status) =>
        [replace(`/${name}`, value), add(`/${name}`, value)].map((operation) =>
          refuses(
            403,
            `formats while ${status}, even the same`,
            [operation],
            `Attribute ${name} can be only replaced for a queued image.`,
            { given: inStatus(status, { [name]: value }) },
          )
        )
      ),
    ];
  }),
  refuses(
    403,
    "formats of an active image",
    [replace("/disk_format", "qcow2")],
    "can be only replaced for a queued image",
    {
      given: active(),
    },
  ),
  changes("a protected image", [replace("/protected", false)], { protected: false }, {
    given: queued({ protected: true }),
  }),
  changes("a hidden image", [replace("/name", "new")], { name: "new" }, {
    given: queued({ os_hidden: true }),
  }),
];

Deno.test("operations of PATCH", async (t) => {
  await using service = await startService();
  await runTable(t, service, OPERATIONS);
});

Deno.test("who may PATCH", async (t) => {
  await using service = await startService();
  await runTable(t, service, RIGHTS);
});

Deno.test("PATCH by status", async (t) => {
  await using service = await startService();
  await runTable(t, service, STATUSES);
});

const QUOTAS = { "DEFAULT.image_property_quota": "2", "DEFAULT.image_tag_quota": "2" };
/** An image with more than the quota allows by now. */
const above: Row["given"] = async (service) => {
  const { id } = await service.create(OWNER);
  await service.deps.db.write.changeImage({
    id,
    columns: {},
    setProperties: { a: "1", b: "1", c: "1", os_glance_import_task: "" },
    removeProperties: [],
    tags: ["a", "b", "c", "d"],
  });
  return { id };
};
const limit = (what: string, attempted: number) =>
  `The limit has been exceeded on the number of allowed ${what}. Attempted: ${attempted}, Maximum: 2`;

const LIMITS: Row[] = [
  changes("up to the quota", [add("/b", "1"), replace("/tags", ["a", "b"])], { b: "1" }, {
    given: queued({ a: "1" }),
  }),
  refuses(413, "one property more", [add("/b", "1"), add("/c", "1")], limit("image properties", 3), {
    given: queued({ a: "1" }),
  }),
  changes("the final number counts", [add("/c", "1"), remove("/a")], { a: undefined, c: "1" }, {
    given: queued({ a: "1", b: "1" }),
  }),
  changes("above: replace", [replace("/a", "2")], { a: "2" }, { given: above }),
  changes("above: add of what is there", [add("/a", "2")], { a: "2" }, { given: above }),
  changes("above: remove", [remove("/a")], { a: undefined }, { given: above }),
  changes("above: other attributes", [replace("/name", "x")], { name: "x" }, { given: above }),
  refuses(413, "above: a new name", [add("/d", "1")], limit("image properties", 4), { given: above }),
  refuses(
    413,
    "above: a new name for an old one",
    [remove("/a"), add("/d", "1")],
    limit("image properties", 3),
    {
      given: above,
    },
  ),
  changes("above: a new name, when enough go", [remove("/a"), remove("/b"), add("/d", "1")], { d: "1" }, {
    given: above,
  }),
  refuses(413, "one tag more", [replace("/tags", ["a", "b", "c"])], limit("image tags", 3)),
  refuses(413, "tags count as sent", [replace("/tags", ["a", "a", "a"])], limit("image tags", 3)),
  refuses(
    413,
    "above: a shorter list that is still too long",
    [replace("/tags", ["a", "b", "c"])],
    limit("image tags", 3),
    {
      given: above,
    },
  ),
  changes("above: a list within the quota", [replace("/tags", ["a", "b"])], { tags: ["a", "b"] }, {
    given: above,
  }),
  refuses(
    413,
    "tags in order of operations",
    [replace("/tags", ["a", "b", "c"]), remove("/no")],
    "image tags",
  ),
  refuses(
    409,
    "tags in order of operations",
    [remove("/no"), replace("/tags", ["a", "b", "c"])],
    "does not exist",
  ),
  refuses(
    409,
    "properties at the end",
    [add("/b", "1"), add("/c", "1"), add("/d", "1"), remove("/no")],
    "does not exist",
  ),
];

Deno.test("quotas of PATCH", async (t) => {
  await using service = await startService(QUOTAS);
  await runTable(t, service, LIMITS);
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

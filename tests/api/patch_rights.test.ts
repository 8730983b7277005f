/** Who may PATCH, in which status, within which quotas: docs/reference/images-api.md §3.5, §3.6, §3.9, §5.4, §5.5. */
import assert from "node:assert/strict";
import { active, inStatus, queued, sharedWith } from "../support/images.ts";
import { add, changes, refuses, remove, replace } from "../support/patch_rows.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";

const GENERIC = "The resource could not be found.";
const detail = (message: string) => `<br /><br />\\n${message}\\n\\n`;

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
  await service.deps.db.write.images.change({
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

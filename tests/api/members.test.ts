/** Members of shared images: docs/reference/images-api.md §2.13, §3.9, §9.6. */
import assert from "node:assert/strict";
import { all, queued, sharedWith } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type Who } from "../support/service.ts";
import { MARIADB } from "../support/mariadb_database.ts";

const THIRD: Who = { roles: "member,reader", project: "p3" };
const ONLY = "Only shared images have members";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const STATUSES = ["pending", "accepted", "rejected"] as const;

const two = all(sharedWith("accepted"), async (service) => {
  const { id } = await sharedWith("accepted")(service) as { id: string };
  await service.deps.db.write.members.add({ imageId: id, member: "p3", quota: -1 });
  return { id };
});
const published: Row["given"] = async (service) => ({
  id: (await service.create(ADMIN, { visibility: "public", owner: "p1" })).id,
});
/** Images that cannot have members; some have kept one. */
const unshared: [string, Row["given"]][] = [
  ["public", published],
  ["private", queued({ visibility: "private" })],
  ["community", queued({ visibility: "community" })],
  ["private that was shared", async (service) => {
    const given = await sharedWith("accepted")(service) as { id: string };
    await service.patch(given.id, OWNER, [{ op: "replace", path: "/visibility", value: "private" }]);
    return given;
  }],
];

const adds = (name: string, body: unknown, more: Partial<Row>): Row => ({
  name: `POST: ${name}`,
  given: queued(),
  ask: "POST /v2/images/{id}/members",
  body,
  status: 200,
  ...more,
});
const answers = (name: string, body: unknown, more: Partial<Row>): Row => ({
  name: `PUT: ${name}`,
  given: sharedWith("pending"),
  who: STRANGER,
  ask: "PUT /v2/images/{id}/members/p2",
  body,
  status: 200,
  ...more,
});
const shows = (
  name: string,
  given: Row["given"],
  who: Who | null,
  status: number,
  more: Partial<Row> = {},
): Row => ({
  name: `GET one: ${name}`,
  given: given!,
  who,
  ask: "GET /v2/images/{id}/members/p2",
  status,
  ...more,
});
const lists = (
  name: string,
  given: Row["given"],
  who: Who | null,
  status: number,
  more: Partial<Row> = {},
): Row => ({
  name: `GET: ${name}`,
  given: given!,
  who,
  ask: "GET /v2/images/{id}/members",
  status,
  ...more,
});
const removes = (
  name: string,
  given: Row["given"],
  who: Who | null,
  status: number,
  more: Partial<Row> = {},
): Row => ({
  name: `DELETE: ${name}`,
  given: given!,
  who,
  ask: "DELETE /v2/images/{id}/members/p2",
  status,
  ...more,
});
const listed = (members: string[]): Row["then"] => (_service, _given, body) =>
  assert.deepEqual(
    JSON.parse(body).members.map(({ member_id }: { member_id: string }) => member_id),
    members,
  );

const ADD: Row[] = [
  adds("200, pending", { member: "p2" }, {
    json: { member_id: "p2", image_id: "{id}", status: "pending", schema: "/v2/schemas/member" },
    gives: { "content-type": "application/json", location: null },
    then(_service, _given, body) {
      const member = JSON.parse(body);
      assert.deepEqual(Object.keys(member), [
        "member_id",
        "image_id",
        "status",
        "created_at",
        "updated_at",
        "schema",
      ]);
      assert.match(member.created_at, TIME);
      assert.equal(member.updated_at, member.created_at);
    },
  }),
  adds("any text is a project", { member: "a b/ü" }, { json: { member_id: "a b/ü" } }),
  adds("a member of 255 characters", { member: "m".repeat(255) }, {}),
  adds("the owner itself", { member: "p1" }, { json: { member_id: "p1", status: "pending" } }),
  adds("an administrator", { member: "p2" }, { who: ADMIN }),
  adds("unknown keys are nothing", { member: "p2", status: "accepted", can_share: true }, {
    json: { status: "pending" },
  }),
  adds("does not touch the image", { member: "p2" }, {
    async then(service, { id }) {
      const image = await service.deps.db.read.images.show({
        id: id!,
        viewer: { isAdmin: true, projectId: null },
      });
      assert.equal(image!.updated_at, image!.created_at);
    },
  }),
  adds("no body", undefined, { status: 400 }),
  adds("bad JSON", "{", { status: 400, has: "Malformed JSON in request body." }),
  adds("a scalar", "5", { status: 400 }),
  adds("an array", ["p2"], { status: 400 }),
  adds("no member", {}, { status: 400 }),
  adds("the answer's key", { member_id: "p2" }, { status: 400 }),
  ...["", null, 5, true, {}, ["p2"], "m".repeat(256)].map((member) =>
    adds("a bad member", { member }, { status: 400 })
  ),
  adds("beyond the basic plane", { member: "💥" }, { status: 400 }),
  adds("a body before the image", {}, {
    given: async () => await Promise.resolve({ id: "none" }),
    status: 400,
  }),
  adds("twice", { member: "p2" }, { given: sharedWith("rejected"), status: 409 }),
  adds("an unknown image", { member: "p2" }, {
    ask: "POST /v2/images/none/members",
    status: 404,
    has: "Image none not found.",
  }),
  adds("nobody", { member: "p2" }, { who: null, status: 401 }),
  adds("a stranger", { member: "p2" }, { who: STRANGER, status: 404, has: "Image {id} not found." }),
  adds("a reader", { member: "p2" }, { who: READER, status: 403, has: "add_member" }),
  adds("a member", { member: "p3" }, {
    given: sharedWith("accepted"),
    who: STRANGER,
    status: 403,
    has: "add_member",
  }),
  ...unshared.map(([kind, given]) =>
    adds(`an image that is ${kind}`, { member: "p2" }, { given: given!, status: 403, has: ONLY })
  ),
  adds("not shared comes before policy", { member: "p2" }, {
    given: queued({ visibility: "community" }),
    who: STRANGER,
    status: 403,
    has: ONLY,
  }),
  adds("again after it was removed", { member: "p2" }, {
    async given(service) {
      const given = await sharedWith("accepted")(service) as { id: string };
      await service.ask(`/v2/images/${given.id}/members/p2`, OWNER, { method: "DELETE" });
      return given;
    },
    json: { member_id: "p2", status: "pending" },
  }),
];

const PUT: Row[] = [
  ...STATUSES.flatMap((from) =>
    STATUSES.map((to) =>
      answers(`from ${from} to ${to}`, { status: to }, {
        given: sharedWith(from),
        json: { member_id: "p2", image_id: "{id}", status: to, schema: "/v2/schemas/member" },
      })
    )
  ),
  answers("an administrator", { status: "accepted" }, { who: ADMIN }),
  answers("the owner", { status: "accepted" }, { who: OWNER, status: 403, has: "modify_member" }),
  answers("a reader of the member's project", { status: "accepted" }, {
    who: { roles: "reader", project: "p2" },
    status: 403,
    has: "modify_member",
  }),
  answers("another member", { status: "accepted" }, { given: two, who: THIRD, status: 404 }),
  answers("a stranger", { status: "accepted" }, { who: THIRD, status: 404 }),
  answers("nobody", { status: "accepted" }, { who: null, status: 401 }),
  answers("an absent member by the owner", { status: "accepted" }, {
    ask: "PUT /v2/images/{id}/members/none",
    who: OWNER,
    status: 404,
  }),
  answers("an unknown image", { status: "accepted" }, {
    ask: "PUT /v2/images/none/members/p2",
    status: 404,
    has: "Image none not found.",
  }),
  answers("no body", undefined, { status: 400 }),
  answers("bad JSON", "{", { status: 400 }),
  answers("no status", {}, { status: 400 }),
  answers("an array", [], { status: 400 }),
  answers("a scalar", '"accepted"', { status: 400 }),
  ...["bogus", "", "ACCEPTED", null, 5, {}].map((status) =>
    answers("an unknown status", { status }, { status: 400 })
  ),
  ...unshared.map(([kind, given]) =>
    answers(`an image that is ${kind}`, { status: "accepted" }, {
      given: given!,
      who: OWNER,
      status: 403,
      has: ONLY,
    })
  ),
];

const GET: Row[] = [
  shows("the owner", two, OWNER, 200, { json: { member_id: "p2", status: "accepted" } }),
  shows("an administrator", two, ADMIN, 200),
  shows("a reader of the project", two, READER, 200),
  ...STATUSES.map((status) =>
    shows(`the member itself, ${status}`, sharedWith(status), STRANGER, 200, { json: { status } })
  ),
  shows("another member", two, THIRD, 404),
  shows("a stranger", sharedWith("accepted"), THIRD, 404),
  shows("nobody", sharedWith("accepted"), null, 401),
  shows("an absent member", queued(), OWNER, 404),
  ...unshared.map(([kind, given]) => shows(`an image that is ${kind}`, given, OWNER, 404)),
  shows("an unknown image", queued(), OWNER, 404, {
    ask: "GET /v2/images/none/members/p2",
    has: "Image none not found.",
  }),
  shows("a body", two, OWNER, 400, { headers: { "content-length": "2" } }),

  lists("the owner sees all", two, OWNER, 200, {
    then: listed(["p2", "p3"])!,
    json: { schema: "/v2/schemas/members" },
  }),
  lists("an administrator sees all", two, ADMIN, 200, { then: listed(["p2", "p3"])! }),
  lists("a member sees itself", two, STRANGER, 200, { then: listed(["p2"])! }),
  lists("a rejected member sees itself", sharedWith("rejected"), STRANGER, 200, { then: listed(["p2"])! }),
  lists("no members", queued(), OWNER, 200, { text: '{"members":[],"schema":"/v2/schemas/members"}' }),
  lists("a stranger", two, { roles: "member,reader", project: "p4" }, 404, { has: "Image {id} not found." }),
  lists("nobody", two, null, 401),
  lists("an unknown image", queued(), OWNER, 404, {
    ask: "GET /v2/images/none/members",
    has: "Image none not found.",
  }),
  ...unshared.map(([kind, given]) => lists(`an image that is ${kind}`, given, OWNER, 403, { has: ONLY })),
  lists("not shared comes before policy", published, STRANGER, 403, { has: ONLY }),
  lists("a body", two, OWNER, 400, { headers: { "content-length": "2" } }),
];

const DELETE: Row[] = [
  removes("the owner", two, OWNER, 204, {
    text: "",
    gives: { "content-type": null, "content-length": null, "x-openstack-request-id": /^req-/ },
    async then(service, { id }) {
      assert.deepEqual(
        (await service.deps.db.read.members.list({ imageId: id! })).map(({ member }) => member),
        [
          "p3",
        ],
      );
      assert.equal((await service.ask(`/v2/images/${id}`, STRANGER)).status, 404);
      assert.equal(
        (await service.ask(`/v2/images/${id}/members/p2`, OWNER, { method: "DELETE" })).status,
        404,
      );
    },
  }),
  removes("an administrator", two, ADMIN, 204),
  removes("the member itself", two, STRANGER, 403, { has: "delete_member" }),
  removes("another member", two, THIRD, 404),
  removes("a reader", two, READER, 403, { has: "delete_member" }),
  removes("a stranger", sharedWith("accepted"), THIRD, 404),
  removes("nobody", two, null, 401),
  removes("an absent member", queued(), OWNER, 404),
  removes("an unknown image", queued(), OWNER, 404, { ask: "DELETE /v2/images/none/members/p2" }),
  ...unshared.map(([kind, given]) => removes(`an image that is ${kind}`, given, OWNER, 403, { has: ONLY })),
  removes("a body", two, OWNER, 400, { headers: { "content-length": "2" } }),

  ...["PUT", "PATCH", "DELETE", "HEAD"].map((method): Row => ({
    name: "another method",
    given: queued(),
    ask: `${method} /v2/images/{id}/members`,
    status: 405,
    gives: { allow: "GET, POST" },
  })),
  ...["POST", "PATCH", "HEAD"].map((method): Row => ({
    name: "another method",
    given: queued(),
    ask: `${method} /v2/images/{id}/members/p2`,
    status: 405,
    gives: { allow: "GET, PUT, DELETE" },
  })),
];

Deno.test("members", async (t) => {
  await using service = await startService();
  await runTable(t, service, [...ADD, ...PUT, ...GET, ...DELETE]);
});

Deno.test("members up to the quota", async (t) => {
  await using service = await startService({ "DEFAULT.image_member_quota": "1" });
  const text =
    "Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed " +
    "image members for this image. Attempted: 2, Maximum: 1";
  await runTable(t, service, [
    adds("the first", { member: "p2" }, {}),
    adds("the second", { member: "p3" }, { given: sharedWith("accepted"), status: 413, has: text }),
    adds("the quota comes before the twin", { member: "p2" }, {
      given: sharedWith("accepted"),
      status: 413,
      has: text,
    }),
  ]);
});

Deno.test("the 129th member", async (t) => {
  await using service = await startService();
  const full: Row["given"] = async (service) => {
    const { id } = await service.create(OWNER);
    for (let i = 0; i < 128; i++) {
      await service.deps.db.write.members.add({ imageId: id, member: `m${i}`, quota: -1 });
    }
    return { id };
  };
  await runTable(t, service, [adds("at the default quota", { member: "p2" }, { given: full, status: 413 })]);
});

Deno.test("a negative quota means any number of members", async () => {
  await using service = await startService({ "DEFAULT.image_member_quota": "-1" });
  const { id } = await service.create(OWNER);
  for (const member of ["a", "b", "c"]) {
    const answer = await service.ask(`/v2/images/${id}/members`, OWNER, { method: "POST", body: { member } });
    assert.equal(answer.status, 200);
  }
});

Deno.test("of two requests that add the same member one gets 409", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER);
  const add = () =>
    service.ask(`/v2/images/${id}/members`, OWNER, { method: "POST", body: { member: "p2" } });
  const statuses = (await Promise.all([add(), add()])).map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [200, 409]);
});

Deno.test("a member that was removed and comes back keeps the time it first came", async () => {
  await using service = await startService();
  const { id } = await sharedWith("accepted")(service) as { id: string };
  const [before] = await service.deps.db.read.members.list({ imageId: id });
  await service.ask(`/v2/images/${id}/members/p2`, OWNER, { method: "DELETE" });
  await service.ask(`/v2/images/${id}/members`, OWNER, { method: "POST", body: { member: "p2" } });
  const [after] = await service.deps.db.read.members.list({ imageId: id });
  assert.equal(after!.created_at, before!.created_at);
  // MariaDB keeps whole seconds.
  if (MARIADB === null) assert.ok(after!.updated_at > before!.updated_at);
  assert.equal(after!.status, "pending");
});

Deno.test("a member sees the image by its id in any status, in its list only when accepted", async () => {
  await using service = await startService();
  for (const status of STATUSES) {
    const { id } = await sharedWith(status)(service) as { id: string };
    assert.equal((await service.ask(`/v2/images/${id}`, STRANGER)).status, 200, status);
    const { images } = await (await service.ask("/v2/images", STRANGER)).json();
    const seen = images.some((image: { id: string }) => image.id === id);
    assert.equal(seen, status === "accepted", status);
  }
});

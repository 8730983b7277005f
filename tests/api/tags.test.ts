/** PUT and DELETE of tags: docs/reference/images-api.md §2.13, §3.3, §3.9, §9.6. */
import { MARIADB } from "../support/mariadb_database.ts";
import assert from "node:assert/strict";
import type { ImageRecord } from "../../db/records.ts";
import { inStatus, queued, sharedWith } from "../support/images.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type TestService } from "../support/service.ts";

const NO_BODY = { "content-type": "text/html; charset=UTF-8", "x-openstack-request-id": /^req-/ };
const given = queued({ tags: ["old", "two"] });

async function record(service: TestService, { id }: Given): Promise<ImageRecord> {
  return (await service.deps.db.read.images.show({ id: id!, viewer: { isAdmin: true, projectId: null } }))!;
}

const tags = (wanted: string[]): Row["then"] => async (service, given) =>
  assert.deepEqual((await record(service, given)).tags, wanted);
const puts = (name: string, encoded: string, tag: string): Row => ({
  name,
  given,
  ask: `PUT /v2/images/{id}/tags/${encoded}`,
  status: 204,
  text: "",
  gives: NO_BODY,
  async then(service, given) {
    await tags(["old", "two", tag])!(service, given, "");
    // By the same spelling it goes again.
    const path = `/v2/images/${given.id}/tags/${encoded}`;
    assert.equal((await service.ask(path, OWNER, { method: "DELETE" })).status, 204);
    assert.equal((await service.ask(path, OWNER, { method: "DELETE" })).status, 404);
  },
});

const ROWS: Row[] = [
  puts("a tag", "new", "new"),
  puts("a blank", "a%20b", "a b"),
  puts("an at sign", "a@b", "a@b"),
  puts("a plus is a plus", "a+b", "a+b"),
  puts("a colon", "a:b", "a:b"),
  puts("a colon in escapes", "a%3Ab", "a:b"),
  puts("a per cent", "100%25", "100%"),
  puts("an escaped escape", "a%252Fb", "a%2Fb"),
  puts("letters outside ASCII are UTF-8", "%C3%BC", "ü"),
  puts("letters outside ASCII, raw", "ü", "ü"),
  puts("255 characters", "t".repeat(255), "t".repeat(255)),
  puts("255 characters outside ASCII", "%C3%BC".repeat(255), "ü".repeat(255)),
  puts("upper case is another tag", "OLD", "OLD"),
  {
    name: "a tag that is there",
    given,
    ask: "PUT /v2/images/{id}/tags/old",
    status: 204,
    async then(service, given) {
      await tags(["old", "two"])!(service, given, "");
      const { created_at, updated_at } = await record(service, given);
      // MariaDB keeps whole seconds.
      if (MARIADB === null) assert.ok(updated_at > created_at, "updated_at moves all the same");
    },
  },
  {
    name: "DELETE",
    given,
    ask: "DELETE /v2/images/{id}/tags/old",
    status: 204,
    text: "",
    gives: NO_BODY,
    async then(service, given) {
      await tags(["two"])!(service, given, "");
      const { created_at, updated_at } = await record(service, given);
      if (MARIADB === null) assert.ok(updated_at > created_at);
    },
  },
  {
    name: "DELETE of an absent tag",
    given,
    ask: "DELETE /v2/images/{id}/tags/no",
    status: 404,
    has: "The resource could not be found.",
  },
  { name: "256 characters", given, ask: `PUT /v2/images/{id}/tags/${"t".repeat(256)}`, status: 400 },
  {
    name: "256 characters before the image",
    ask: `PUT /v2/images/none/tags/${"t".repeat(256)}`,
    status: 400,
  },
  {
    name: "beyond the basic plane",
    given,
    ask: "PUT /v2/images/{id}/tags/%F0%9F%92%A5",
    status: 400,
    has: "could not be decoded",
  },
  { name: "no UTF-8", given, ask: "PUT /v2/images/{id}/tags/%FF", status: 400, has: "could not be decoded" },
  {
    name: "no UTF-8",
    given,
    ask: "DELETE /v2/images/{id}/tags/%FF",
    status: 400,
    has: "could not be decoded",
  },
  { name: "a slash cannot be part of a tag", given, ask: "PUT /v2/images/{id}/tags/a%2Fb", status: 404 },
  { name: "an empty tag", given, ask: "PUT /v2/images/{id}/tags/", status: 404 },
  { name: "no tag", given, ask: "PUT /v2/images/{id}/tags", status: 404 },
  { name: "a body", given, ask: "PUT /v2/images/{id}/tags/new", body: "{}", status: 400 },
  { name: "a body that is no JSON", given, ask: "PUT /v2/images/{id}/tags/new", body: "x", status: 400 },
  {
    name: "chunks, even none",
    given,
    ask: "PUT /v2/images/{id}/tags/new",
    headers: { "transfer-encoding": "chunked" },
    status: 400,
  },
  {
    name: "a body",
    given,
    ask: "DELETE /v2/images/{id}/tags/old",
    headers: { "content-length": "2" },
    status: 400,
  },
  ...["GET", "HEAD", "POST", "PATCH"].map((method): Row => ({
    name: "another method",
    given,
    ask: `${method} /v2/images/{id}/tags/old`,
    status: 405,
    gives: { allow: "PUT, DELETE" },
  })),
  ...["PUT", "DELETE"].flatMap((method): Row[] => [
    {
      name: "an unknown image",
      ask: `${method} /v2/images/none/tags/a`,
      status: 404,
      has: "Image none not found.",
    },
    { name: "nobody", given, who: null, ask: `${method} /v2/images/{id}/tags/old`, status: 401 },
    {
      name: "a stranger",
      given,
      who: STRANGER,
      ask: `${method} /v2/images/{id}/tags/old`,
      status: 404,
      has: "Image {id} not found.",
    },
    {
      name: "a reader",
      given,
      who: READER,
      ask: `${method} /v2/images/{id}/tags/old`,
      status: 403,
      has: "You are not authorized to complete modify_image action.",
    },
    {
      name: "a member of the image",
      given: sharedWith("accepted"),
      who: STRANGER,
      ask: `${method} /v2/images/{id}/tags/old`,
      status: 403,
    },
    {
      name: "an administrator",
      given,
      who: ADMIN,
      ask: `${method} /v2/images/{id}/tags/old`,
      status: 204,
    },
    {
      name: "a deactivated image",
      given: inStatus("deactivated", { tags: ["old"] }),
      ask: `${method} /v2/images/{id}/tags/old`,
      status: 204,
    },
    {
      name: "a protected image",
      given: queued({ tags: ["old"], protected: true }),
      ask: `${method} /v2/images/{id}/tags/old`,
      status: 204,
    },
  ]),
];

Deno.test("tags", async (t) => {
  await using service = await startService();
  await runTable(t, service, ROWS);
});

Deno.test("tags up to the quota", async (t) => {
  await using service = await startService({ "DEFAULT.image_tag_quota": "2" });
  const above: Row["given"] = async (service) => {
    const { id } = await service.create(OWNER);
    await service.deps.db.write.images.change({
      id,
      columns: {},
      setProperties: {},
      removeProperties: [],
      tags: ["a", "b", "c"],
    });
    return { id };
  };
  const text = (attempted: number) =>
    "Image tag limit exceeded for image {id}: The limit has been exceeded on the number of allowed image tags. " +
    `Attempted: ${attempted}, Maximum: 2`;
  await runTable(t, service, [
    { name: "the last", given: queued({ tags: ["a"] }), ask: "PUT /v2/images/{id}/tags/b", status: 204 },
    {
      name: "one more",
      given: queued({ tags: ["a", "b"] }),
      ask: "PUT /v2/images/{id}/tags/c",
      status: 413,
      has: text(3),
    },
    {
      name: "one that is there",
      given: queued({ tags: ["a", "b"] }),
      ask: "PUT /v2/images/{id}/tags/b",
      status: 204,
    },
    {
      name: "above: one that is there",
      given: above,
      ask: "PUT /v2/images/{id}/tags/b",
      status: 413,
      has: text(3),
    },
    {
      name: "above: DELETE works",
      given: above,
      ask: "DELETE /v2/images/{id}/tags/b",
      status: 204,
      then: tags(["a", "c"])!,
    },
  ]);
});

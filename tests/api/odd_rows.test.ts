/** Rows that no request of today makes, but that an adopted database may hold (docs/reference/data-model.md, traps). */
import assert from "node:assert/strict";
import { active, queued, sharedWith } from "../support/images.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, STRANGER, type TestService } from "../support/service.ts";

/** Makes an image, then changes the row past the service; `{id}` in the statement is the image's. */
const odd = (given: NonNullable<Row["given"]>, sql: string): Row["given"] => async (service) => {
  const made = await given(service);
  await service.database.exec(sql.replaceAll("{id}", made.id!));
  return made;
};
const show = "GET /v2/images/{id}";
const asks = async (service: TestService, { id }: Given, method: string, path: string) =>
  (await service.ask(`/v2/images/${id}${path}`, OWNER, { method })).status;

const TWO_TAGS = odd(
  queued({ tags: ["a"] }),
  `INSERT INTO image_tags (image_id, value, created_at, deleted)
   VALUES ('{id}', 'a', '2020-01-01 00:00:00.000000', 0)`,
);
const TWO_MEMBERS = odd(
  sharedWith("accepted"),
  `INSERT INTO image_members (image_id, member, can_share, status, created_at, deleted)
   VALUES ('{id}', 'p2', 0, 'accepted', '2020-01-01 00:00:00.000000', 0)`,
);

Deno.test("rows of an adopted database", async (t) => {
  await using service = await startService({ "DEFAULT.show_multiple_locations": "true" });
  await runTable(t, service, [
    { name: "a tag twice is shown once", given: TWO_TAGS, ask: show, status: 200, json: { tags: ["a"] } },
    {
      name: "a tag twice is removed at once",
      given: TWO_TAGS,
      ask: "DELETE /v2/images/{id}/tags/a",
      status: 204,
      then: async (service, given) => assert.equal(await asks(service, given, "DELETE", "/tags/a"), 404),
    },
    {
      name: "a member twice loses the image at once",
      given: TWO_MEMBERS,
      ask: "DELETE /v2/images/{id}/members/p2",
      status: 204,
      async then(service, { id }) {
        assert.equal((await service.ask(`/v2/images/${id}`, STRANGER)).status, 404);
        const { images } = await (await service.ask(`/v2/images?id=${id}`, STRANGER)).json();
        assert.deepEqual(images, []);
      },
    },
    {
      name: "an image with a member twice is deleted",
      given: TWO_MEMBERS,
      ask: "DELETE /v2/images/{id}",
      status: 204,
      then: async (service, given) => assert.equal(await asks(service, given, "GET", ""), 404),
    },
    {
      name: "a member twice answers for both",
      given: TWO_MEMBERS,
      who: STRANGER,
      ask: "PUT /v2/images/{id}/members/p2",
      body: { status: "rejected" },
      status: 200,
      async then(service, { id }) {
        const { images } = await (await service.ask(`/v2/images?id=${id}`, STRANGER)).json();
        assert.deepEqual(images, []);
      },
    },
    {
      name: "a member twice does not double the list",
      given: TWO_MEMBERS,
      who: STRANGER,
      ask: "GET /v2/images?id={id}",
      status: 200,
      then: (_service, _given, body) => assert.equal(JSON.parse(body).images.length, 1),
    },
    {
      name: "deleted_at alone does not delete: a tag and a member",
      given: odd(
        async (service) => {
          const { id } = await service.create(OWNER, { tags: ["a"] });
          await service.deps.db.write.members.add({ imageId: id, member: "p2", quota: -1 });
          return { id };
        },
        "UPDATE image_tags SET deleted_at = '2020-01-01 00:00:00.000000' WHERE image_id = '{id}';" +
          "UPDATE image_members SET deleted_at = '2020-01-01 00:00:00.000000' WHERE image_id = '{id}'",
      ),
      who: STRANGER,
      ask: show,
      status: 200,
      json: { tags: ["a"] },
    },
    {
      name: "a location that waits for the scrubber is not shown",
      given: odd(active(), "UPDATE image_locations SET status = 'pending_delete' WHERE image_id = '{id}'"),
      ask: show,
      status: 200,
      json: { locations: [] },
      then: async (service, given) => assert.equal(await asks(service, given, "GET", "/file"), 204),
    },
    {
      name: "metadata of a location that is no JSON",
      given: odd(active(), "UPDATE image_locations SET meta_data = 'x' WHERE image_id = '{id}'"),
      ask: "GET /v2/images/{id}/file",
      status: 200,
      text: "0123456789",
    },
    {
      name: "times without a fraction, as MySQL keeps them",
      given: odd(
        queued(),
        "UPDATE images SET created_at = '2026-01-02 03:04:05', updated_at = '2026-01-02 03:04:06' WHERE id = '{id}'",
      ),
      ask: show,
      status: 200,
      json: { created_at: "2026-01-02T03:04:05Z", updated_at: "2026-01-02T03:04:06Z" },
    },
    {
      name: "never updated",
      given: odd(queued(), "UPDATE images SET updated_at = NULL WHERE id = '{id}'"),
      who: ADMIN,
      ask: show,
      status: 200,
    },
    {
      name: "deleted, but its status was not changed",
      given: odd(active(), "UPDATE images SET deleted = 1 WHERE id = '{id}'"),
      who: ADMIN,
      ask: show,
      status: 404,
    },
  ]);
});

Deno.test("images of one and the same second page without loss, the larger id first", async () => {
  await using service = await startService();
  for (let i = 0; i < 7; i++) await service.create(OWNER);
  await service.database.exec("UPDATE images SET created_at = '2026-01-02 03:04:05'");
  const seen: string[] = [];
  let path: string | undefined = "/v2/images?limit=2";
  while (path) {
    const page: { images: { id: string }[]; next?: string } = await (await service.ask(path, OWNER)).json();
    seen.push(...page.images.map(({ id }) => id));
    path = page.next;
  }
  assert.equal(seen.length, 7);
  assert.deepEqual(seen, seen.toSorted().toReversed());
});

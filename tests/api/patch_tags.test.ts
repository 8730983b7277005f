/** Tags that a client sends with every change, as glanceclient does, though they are the image's already. */
import assert from "node:assert/strict";
import { OWNER, startService, type TestService } from "../support/service.ts";
import { takeEvents } from "../support/events.ts";

const replace = (path: string, value: unknown) => ({ op: "replace", path, value });

function rows({ database }: TestService): Promise<unknown[]> {
  return database.rows("SELECT * FROM image_tags ORDER BY id");
}

Deno.test("the same tags: no row is written, no quota asked, no event but that of the change", async (t) => {
  await using service = await startService({
    "DEFAULT.image_tag_quota": "3",
    "oslo_messaging_notifications.driver": "log",
  });
  const { id } = await service.create(OWNER, { tags: ["a", "b", "c"] });
  const before = await rows(service);
  // As a limit that was lowered since.
  const { config } = service.deps;
  const get = config.get.bind(config);
  Object.assign(config, {
    get: (key: string) => key === "DEFAULT.image_tag_quota" ? 1 : (get as (key: string) => unknown)(key),
  });
  for (const tags of [["a", "b", "c"], ["c", "a", "b"]]) {
    await t.step(`as ${tags}`, async () => {
      await takeEvents(service);
      const response = await service.patch(id, OWNER, [
        replace("/tags", tags),
        replace("/name", `n ${tags}`),
      ]);
      assert.equal(response.status, 200, await response.clone().text());
      const image = await response.json();
      assert.deepEqual([image.name, image.tags.toSorted()], [`n ${tags}`, ["a", "b", "c"]]);
      assert.deepEqual(await rows(service), before);
      assert.deepEqual((await takeEvents(service)).map(([type]) => type), ["image.update"]);
    });
  }
  for (const tags of [["a", "b"], ["a", "b", "d"], ["a", "b", "c", "c"], ["a", "b", "b"]]) {
    await t.step(`${tags} are others: the quota is asked`, async () => {
      const response = await service.patch(id, OWNER, [replace("/tags", tags)]);
      assert.equal(response.status, 413);
      assert.deepEqual(await rows(service), before);
    });
  }
});

Deno.test("the same tags as an operation before has set, and those of the image again", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, { tags: ["a"] });
  const response = await service.patch(id, OWNER, [
    replace("/tags", ["b"]),
    replace("/tags", ["b"]),
    replace("/tags", ["a"]),
  ]);
  assert.deepEqual((await response.json()).tags, ["a"]);
});

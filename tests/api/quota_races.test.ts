/** No race takes a project over a quota by more than one image (docs/reference/images-api.md §3.9, docs/adr/0003-quota-races.md). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Ended, uploadAtOnce } from "../support/at_once.ts";
import { fakeLimits, limitOptions } from "../support/fake_limits.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";

const MIB = 2 ** 20;
const COUNT = 50;

/** Exactly `wanted` uploads have got through; the others are queued again, and nothing of theirs is kept. */
async function holds(service: TestService, ended: Ended[], wanted: number, text: RegExp): Promise<void> {
  const statuses = ended.map(({ status }) => status);
  assert.deepEqual([...new Set(statuses)].toSorted(), [204, 413], `${statuses}`);
  const [done, refused] = [204, 413].map((status) => ended.filter((each) => each.status === status));
  assert.equal(done!.length, wanted);
  for (const { image } of done!) assert.equal(image.status, "active");
  for (const { image, text: said } of refused!) {
    assert.deepEqual([image.status, image.size, image.checksum], ["queued", null, null]);
    assert.match(said, text);
  }
  const files = [...Deno.readDirSync(join(service.dir, "images"))].map(({ name }) => name);
  assert.equal(files.length, wanted, `${files}`);
  assert.deepEqual(await service.deps.db.read.uploads.list(), []);
}

for (const declared of [true, false]) {
  const how = declared ? "of known size" : "of unknown size";

  Deno.test(`50 uploads at once ${how}: user_storage_quota is kept`, async () => {
    await using service = await startService({ "DEFAULT.user_storage_quota": `${5 * 1000 + 999}` });
    const ended = await uploadAtOnce(service, { who: OWNER, count: COUNT, size: 1000, declared });
    await holds(service, ended, 5, /The size of the data 1000 will exceed the limit\. 999 bytes remaining\./);
  });

  Deno.test(`50 uploads at once ${how}: image_size_total is kept`, async () => {
    await using keystone = fakeLimits();
    keystone.registered.set("image_size_total", 3).set("image_count_total", -1).set(
      "image_count_uploading",
      -1,
    );
    await using service = await startService(limitOptions(keystone));
    const ended = await uploadAtOnce(service, { who: OWNER, count: COUNT, size: MIB, declared });
    // What is not known before counts as nothing: then one image passes the limit, and it is the last.
    const text = declared
      ? /image_size_total is over limit of 3 due to current usage 3 and delta 1/
      : /image_size_total is over limit of 3 due to current usage 4 and delta 0/;
    await holds(service, ended, declared ? 3 : 4, text);
  });
}

Deno.test("50 uploads at once: image_count_uploading is kept", async () => {
  await using keystone = fakeLimits();
  keystone.registered.set("image_size_total", -1).set("image_count_total", -1).set(
    "image_count_uploading",
    4,
  );
  await using service = await startService(limitOptions(keystone));
  const ended = await uploadAtOnce(service, { who: OWNER, count: COUNT, size: 10, declared: true, begin: 4 });
  await holds(
    service,
    ended,
    4,
    /image_count_uploading is over limit of 4 due to current usage 5 and delta 0/,
  );
});

Deno.test("50 images at once: image_count_total is kept", async () => {
  await using keystone = fakeLimits();
  keystone.registered.set("image_count_total", 7);
  await using service = await startService(limitOptions(keystone));
  const answers = await Promise.all(
    Array.from({ length: COUNT }, () => service.ask("/v2/images", OWNER, { method: "POST", body: {} })),
  );
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  assert.deepEqual(
    [201, 413].map((status) => answers.filter((answer) => answer.status === status).length),
    [7, 43],
  );
  for (const [at, answer] of answers.entries()) {
    if (answer.status === 201) continue;
    assert.match(texts[at]!, /image_count_total is over limit of 7 due to current usage 7 and delta 1/);
  }
  assert.equal((await service.deps.db.read.usage.all({ owner: "p1" })).image_count_total, 7);
});

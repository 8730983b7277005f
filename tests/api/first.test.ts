import assert from "node:assert/strict";
import { ADMIN, OWNER, startService, STRANGER } from "../support/service.ts";

Deno.test("an image is made, filled, read, changed and deleted", async () => {
  await using service = await startService();
  const image = await service.create(OWNER, {
    name: "first",
    disk_format: "raw",
    container_format: "bare",
    tags: ["a", "b", "a"],
    kind: "test",
  });
  assert.equal(image.status, "queued");
  assert.deepEqual(image.tags, ["a", "b"]);
  assert.equal(image.visibility, "shared");
  assert.equal(image.owner, "p1");
  await service.upload(image.id, OWNER, "0123456789");
  const shown = await (await service.ask(`/v2/images/${image.id}`, OWNER)).json();
  assert.equal(shown.status, "active");
  assert.equal(shown.size, 10);
  assert.equal(shown.checksum, "781e5e245d69b566979b86e28d23f2c7");
  const data = await service.ask(`/v2/images/${image.id}/file`, OWNER);
  assert.equal(await data.text(), "0123456789");
  assert.equal(data.headers.get("content-md5"), "781e5e245d69b566979b86e28d23f2c7");
  const patched = await service.patch(image.id, OWNER, [{ op: "replace", path: "/name", value: "second" }]);
  assert.equal((await patched.json()).name, "second");
  assert.equal((await service.ask(`/v2/images/${image.id}`, STRANGER)).status, 404);
  assert.equal((await service.ask(`/v2/images/${image.id}`, ADMIN)).status, 200);
  assert.equal((await service.ask(`/v2/images/${image.id}`, OWNER, { method: "DELETE" })).status, 204);
  assert.equal((await service.ask(`/v2/images/${image.id}`, ADMIN)).status, 404);
});

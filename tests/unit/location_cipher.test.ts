import assert from "node:assert/strict";
import { locationCipher } from "../../db/location_cipher.ts";
import { isError } from "../../src/errors.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";

const KEY = "0123456789abcdef0123456789abcdef";

Deno.test("what was encrypted comes back, each time in other letters", () => {
  const cipher = locationCipher(KEY);
  for (
    const url of [
      "file:///a",
      "rbd://x/" + "y".repeat(200),
      "http://h/" + "é".repeat(16),
      "a://" + "b".repeat(12),
    ]
  ) {
    const [one, two] = [cipher.encrypt(url), cipher.encrypt(url)];
    assert.notEqual(one, two);
    assert.match(one, /^[A-Za-z0-9_-]+=*$/);
    assert.equal(cipher.decrypt(one), url);
  }
});

Deno.test("a text that upstream encrypted is read", () => {
  // Made by glance.common.crypt.urlsafe_encrypt of Debian's glance 25.1.0 with the key below.
  const stored = "XKPO_1GclJiKOwbBnNXFNiKrIUI373ai7-mnhItsQ9PGrQnvQoEXckpVOAyBmCQe";
  assert.equal(locationCipher("0123456789abcdef").decrypt(stored), "http://example.com/image?x=1");
});

Deno.test("clear text passes, a wrong key is reported, a wrong length refused", () => {
  const cipher = locationCipher(KEY);
  assert.equal(cipher.decrypt("file:///a"), "file:///a");
  const other = locationCipher(KEY.toUpperCase()).encrypt("file:///a");
  assert.throws(() => cipher.decrypt(other), (error) => isError(error, "database"));
  assert.throws(() => cipher.decrypt("short"), (error) => isError(error, "database"));
  assert.throws(() => locationCipher("short"), (error) => isError(error, "config"));
});

Deno.test("a service with a key keeps no URL in clear", async () => {
  await using service = await startService({
    "DEFAULT.metadata_encryption_key": KEY,
    "DEFAULT.show_multiple_locations": "true",
  });
  const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
  await service.upload(id, OWNER, "data");
  const image = await (await service.ask(`/v2/images/${id}`, ADMIN)).json();
  assert.match(image.locations[0].url, /^file:\/\//);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
  const rows = await service.database.rows("SELECT * FROM image_locations");
  assert.ok(rows.length > 0 && !JSON.stringify(rows).includes(`images/${id}`));
  assert.equal((await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" })).status, 204);
  assert.deepEqual([...Deno.readDirSync(`${service.dir}/images`)], []);
});

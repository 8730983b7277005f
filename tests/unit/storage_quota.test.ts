/** The text of user_storage_quota (docs/reference/images-api.md §3.9, docs/reference/configuration.md). */
import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { storageQuotaBytes } from "../../src/quota/quota.ts";
import { startService } from "../support/service.ts";

const READ: [text: string, bytes: number][] = [
  ["0", 0],
  ["1000", 1000],
  ["1000B", 1000],
  ["1KB", 1024],
  ["2MB", 2 * 1024 ** 2],
  ["10GB", 10 * 1024 ** 3],
  ["1TB", 1024 ** 4],
];
for (const [text, bytes] of READ) {
  Deno.test(`user_storage_quota = ${text}`, () => assert.equal(storageQuotaBytes(text), bytes));
}

for (const text of ["10G", "1K", "10gb", "1.5GB", "-1", "GB", "", " 1", "1 GB", "1PB"]) {
  Deno.test(`user_storage_quota refuses '${text}'`, () => {
    assert.throws(() => storageQuotaBytes(text), (error) => isError(error, "config"));
  });
}

Deno.test("a user_storage_quota that is no size stops the start", async () => {
  await assert.rejects(
    startService({ "DEFAULT.user_storage_quota": "10G" }),
    (error) => isError(error, "config") && error.message.includes("user_storage_quota = 10G"),
  );
});

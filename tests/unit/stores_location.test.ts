import assert from "node:assert/strict";
import { pathOf, prefixLength, schemeOf, storeIdOf } from "../../src/stores/store.ts";

Deno.test("locations: scheme and path", () => {
  assert.equal(schemeOf("swift+https://x/y"), "swift+https");
  assert.throws(() => schemeOf("no scheme"), { code: "store_bad_uri" });
  assert.equal(pathOf("file:///a/b%20c d?x#y"), "/a/b%20c d");
  assert.equal(pathOf("filesystem:///a#b?c"), "/a");
  for (const url of ["file://a/b", "file://", "http:///a", "file:///a/../b", "file:///..", "/a"]) {
    assert.throws(() => pathOf(url), { code: "store_bad_uri" }, url);
  }
  assert.equal(pathOf("file:///a/..b/c.."), "/a/..b/c..");
});

Deno.test("locations: the store's id, also by its old key", () => {
  assert.equal(storeIdOf({ store: "a", backend: "b" }), "a");
  assert.equal(storeIdOf({ backend: "b" }), "b");
  assert.equal(storeIdOf({ store: 1 }), null);
});

Deno.test("locations: prefixes cover whole segments and ignore credentials", () => {
  const covered = (url: string, prefix: string) => prefixLength(url, prefix) > 0;
  assert.ok(covered("file:///data/img/x", "file:///data/img"));
  assert.ok(covered("filesystem:///data/img/x", "file:///data/img/"));
  assert.ok(!covered("file:///data/img2/x", "file:///data/img"));
  assert.ok(covered("file:///data@home/x", "file:///data@home"));
  assert.ok(covered("s3://k:s/@e@host/bucket/x", "s3://host/bucket"));
  assert.ok(!covered("s3://k:s@host/bucket2/x", "s3://host/bucket"));
  assert.ok(covered("https://host/x", "http"));
});

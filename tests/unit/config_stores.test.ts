import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";

Deno.test("single-store mode: options in [glance_store]", () => {
  const config = configFrom({
    "glance_store.filesystem_store_datadir": "/x",
    "glance_store.filesystem_store_file_perm": "640",
    "glance_store.stores": "file, http, swift",
    "backend_defaults.filesystem_store_chunk_size": "1",
  });
  const store = config.store(null);
  assert.equal(store.get("filesystem_store_datadir"), "/x");
  assert.equal(store.get("filesystem_store_file_perm"), 0o640);
  assert.equal(store.get("filesystem_store_chunk_size"), 65536);
  assert.deepEqual(config.get("glance_store.stores"), ["file", "http", "swift"]);
  assert.equal(store.isSet("filesystem_store_datadir"), true);
  assert.equal(store.isSet("https_insecure"), false);
});

Deno.test("multi-store mode: own section, then [backend_defaults], then the default", () => {
  const config = configFrom({
    "DEFAULT.enabled_backends": "fast:file,Cheap:file",
    "backend_defaults.filesystem_store_chunk_size": "10",
    "backend_defaults.weight": "-5",
    "fast.weight": "100",
    "Cheap.filesystem_store_datadir": "/cheap",
    "glance_store.filesystem_store_chunk_size": "99",
  });
  const fast = config.store("fast");
  assert.equal(fast.get("weight"), 100);
  assert.equal(fast.get("filesystem_store_chunk_size"), 10);
  assert.equal(fast.get("filesystem_store_datadir"), "/var/lib/glance/images");
  assert.equal(config.store("Cheap").get("weight"), -5);
  assert.equal(config.store("Cheap").get("filesystem_store_datadir"), "/cheap");
  assert.deepEqual(config.unknown, []);
});

Deno.test("reserved stores have their own directories and no [backend_defaults]", () => {
  const config = configFrom({
    "DEFAULT.enabled_backends": "fast:file",
    "backend_defaults.filesystem_store_datadir": "/images",
    "os_glance_tasks_store.filesystem_store_datadir": "/tasks",
  });
  assert.equal(
    config.store("os_glance_staging_store").get("filesystem_store_datadir"),
    "/var/lib/glance/os_glance_staging_store",
  );
  assert.equal(config.store("os_glance_tasks_store").get("filesystem_store_datadir"), "/tasks");
  assert.equal(config.store("fast").get("filesystem_store_datadir"), "/images");
});

Deno.test("the default of filesystem_store_datadir can be blanked for several directories", () => {
  const config = configFrom({
    "glance_store.filesystem_store_datadir": "",
    "glance_store.filesystem_store_datadirs": "/a:10",
  });
  assert.equal(config.store(null).get("filesystem_store_datadir"), "");
  assert.deepEqual(config.store(null).get("filesystem_store_datadirs"), ["/a:10"]);
  const unblanked = configFrom({ "glance_store.filesystem_store_datadirs": "/a" });
  assert.equal(unblanked.store(null).get("filesystem_store_datadir"), "/var/lib/glance/images");
});

const REFUSED: [Record<string, string>, RegExp][] = [
  [
    { "glance_store.filesystem_store_file_perm": "888" },
    /\[glance_store\] filesystem_store_file_perm = 888: .*octal/,
  ],
  [
    { "DEFAULT.enabled_backends": "f:file", "f.weight": "heavy" },
    /\[f\] weight = heavy: expected an integer/,
  ],
  [{ "glance_store.filesystem_store_timeout": "-1" }, /at least 0/],
];
for (const [values, message] of REFUSED) {
  Deno.test(`store option refused: ${JSON.stringify(values)}`, () => {
    assert.throws(
      () => configFrom(values),
      (error) => isError(error, "config") && message.test(error.message),
    );
  });
}

Deno.test("environment variables reach a store's section", () => {
  const env = { OS_FAST__S3_STORE_BUCKET: "b" };
  const config = configFrom({ "DEFAULT.enabled_backends": "fast:s3" }, { env });
  assert.equal(config.store("fast").get("s3_store_bucket"), "b");
});

Deno.test("https_insecure is on by default, s3 and swift keep upstream's sizes", () => {
  const store = configFrom({}).store(null);
  assert.equal(store.get("https_insecure"), true);
  assert.equal(store.get("s3_store_large_object_chunk_size"), 10);
  assert.equal(store.get("swift_store_large_object_size"), 5120);
});

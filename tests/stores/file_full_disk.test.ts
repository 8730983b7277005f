import assert from "node:assert/strict";
import { chooseDirectory } from "../../src/stores/file_directories.ts";
import { code, random, sent } from "./bodies.ts";
import { handlesUnder, mayMount, mountSmall, names, remountReadOnly, scratch, unmount } from "./scratch.ts";
import { get, put } from "./suite.ts";

const ignore = !await mayMount();

Deno.test({
  name: "file: a full disk answers store_full and gets its room back",
  ignore,
  fn: async () => {
    await using place = await scratch();
    const datadir = `${place.folder}/small`;
    await mountSmall(datadir, "1m");
    try {
      const store = await place.open({ datadir });
      const handle = await store.open("big", { size: null, algorithm: "sha512" });
      assert.equal(await code(handle.pipe(sent(random(2_000_000)))), "store_full");
      assert.equal(await code(handle.commit()), "internal");
      await handle.cancel();
      assert.deepEqual(names(datadir), []);
      assert.deepEqual(handlesUnder(place.folder), []);
      const url = await put(store, "fits", random(900_000));
      assert.equal((await get(store, url)).length, 900_000);
    } finally {
      await unmount(datadir);
    }
  },
});

Deno.test({
  name:
    "file: a disk that turned read-only answers store_write_denied; one that was it takes no data but is read",
  ignore,
  fn: async () => {
    await using place = await scratch();
    const datadir = `${place.folder}/small`;
    await mountSmall(datadir, "1m");
    try {
      const store = await place.open({ datadir });
      const url = await put(store, "img-1", random(1000));
      await remountReadOnly(datadir);
      assert.equal(await code(store.open("img-2", { size: 1, algorithm: "md5" })), "store_write_denied");
      assert.equal(await code(store.delete(url)), "store_forbidden");
      const again = await place.open({ datadir });
      assert.match(again.readOnly ?? "", /Permission to write in .*small denied/);
      assert.equal(place.warnings.length, 1);
      assert.equal(await code(again.open("img-2", { size: 1, algorithm: "md5" })), "store_add_disabled");
      assert.equal((await get(again, url)).length, 1000);
    } finally {
      await unmount(datadir);
    }
  },
});

Deno.test({
  name: "file: of several directories the highest priority with room and most of it is taken",
  ignore,
  fn: async () => {
    await using place = await scratch();
    const sizes = { a: "1m", b: "2m", c: "8m" };
    const path = (name: string) => `${place.folder}/${name}`;
    for (const [name, size] of Object.entries(sizes)) await mountSmall(path(name), size);
    try {
      const places = [{ path: path("a"), priority: 9 }, { path: path("b"), priority: 9 }, {
        path: path("c"),
        priority: 0,
      }];
      assert.equal(await chooseDirectory(places, 0, 0), path("b"));
      assert.equal(await chooseDirectory(places, 1_500_000, 0), path("b"));
      assert.equal(await chooseDirectory(places, 3_000_000, 0), path("c"));
      await assert.rejects(chooseDirectory(places, 9_000_000, 0), /requested=9000000/);
      const datadirs = [`${path("c")}`, `${path("a")}:9`, `${path("b")}:9`];
      const store = await place.open({ datadir: "", datadirs });
      assert.equal(await put(store, "img-1", random(100)), `file://${path("b")}/img-1`);
      assert.equal(await put(store, "img-2", random(3_000_000)), `file://${path("c")}/img-2`);
      assert.equal(await code(store.open("img-3", { size: 9_000_000, algorithm: "md5" })), "store_full");
      assert.equal(await code(put(store, "img-2", random(10))), "store_duplicate");
    } finally {
      for (const name of Object.keys(sizes)) await unmount(path(name));
    }
  },
});

Deno.test({
  name:
    "file: several directories: all gone answers store_write_denied, one gone and the other full store_full",
  ignore,
  fn: async () => {
    await using place = await scratch();
    const [one, two] = [`${place.folder}/one`, `${place.folder}/two`];
    const store = await place.open({ datadir: "", datadirs: [`${one}:2`, `${two}:1`] });
    for (const path of [one, two]) await Deno.remove(path);
    const open = () => store.open("img", { size: 100_000, algorithm: "md5" });
    assert.equal(await code(open()), "store_write_denied");
    await mountSmall(two, "64k");
    try {
      assert.equal(await code(open()), "store_full");
    } finally {
      await unmount(two);
    }
  },
});

import assert from "node:assert/strict";
import { parseDirectories } from "../../src/stores/file_directories.ts";
import { code, random } from "./bodies.ts";
import { scratch } from "./scratch.ts";
import { get, put } from "./suite.ts";

const mode = (path: string) => Deno.statSync(path).mode! & 0o7777;

Deno.test("file: missing directories are made, modes are those asked for, otherwise the umask's", async () => {
  await using place = await scratch();
  const umask = Deno.umask();
  const plain = await place.open({ datadir: `${place.folder}/a/b/c/` });
  const url = await put(plain, "img-1", random(10));
  assert.equal(url, `file://${place.folder}/a/b/c/img-1`);
  assert.equal(mode(`${place.folder}/a/b/c/img-1`), 0o666 & ~umask);
  await Deno.mkdir(`${place.folder}/private`, { mode: 0o700 });
  const shared = await place.open({ datadir: `${place.folder}/private`, filePerm: 0o640 });
  await put(shared, "img-1", random(10));
  assert.equal(mode(`${place.folder}/private/img-1`), 0o640);
  assert.equal(mode(`${place.folder}/private`), 0o710);
  assert.deepEqual(place.warnings, []);
});

Deno.test("file: a wrong configuration makes the store read-only", async () => {
  await using place = await scratch();
  const { folder } = place;
  const url = await put(await place.open(), "img-1", random(10));
  await Deno.writeTextFile(`${folder}/file`, "");
  await Deno.writeTextFile(`${folder}/bad.json`, `{"id": 1}`);
  const cases: [Partial<Parameters<typeof place.open>[0]>, RegExp][] = [
    [{ datadir: "", datadirs: [] }, /at least/],
    [{ datadirs: [`${folder}/x`] }, /not both/],
    [{ filePerm: 0o200 }, /owner read/],
    [{ datadir: `${folder}/file` }, /cannot be used/],
    [{ datadir: "images" }, /absolute/],
    [{ metadataFile: `${folder}/bad.json` }, /bad.json/],
    [{ metadataFile: `${folder}/none.json` }, /none.json/],
    [{ datadir: "", datadirs: [`${folder}/x:high`] }, /high/],
    [{ datadir: "", datadirs: [`${folder}/x:1`, `${folder}/x:2`] }, /two priorities/],
  ];
  for (const [options, reason] of cases) {
    const store = await place.open(options);
    assert.match(store.readOnly ?? "", reason, JSON.stringify(options));
    assert.equal(await code(store.open("img-2", { size: 1, algorithm: "md5" })), "store_add_disabled");
    assert.equal((await get(store, url)).length, 10);
  }
  assert.equal(place.warnings.length, cases.length);
});

Deno.test("file: filesystem_store_datadirs is split at the last colon and sorted by priority", () => {
  const warnings: string[] = [];
  const read = (...datadirs: string[]) => parseDirectories("", datadirs, (text) => warnings.push(text));
  assert.deepEqual(read("/a", "/b:x:10", "/c:", "/d/:-5", "/a:0"), {
    directories: [
      { path: "/b:x", priority: 10 },
      { path: "/a", priority: 0 },
      { path: "/c", priority: 0 },
      { path: "/d", priority: -5 },
    ],
    readOnly: null,
  });
  assert.match(warnings.join(), /^Directory \/a is listed twice/);
});

Deno.test("file: the metadata file gives the mount point by prefix", async () => {
  await using place = await scratch();
  const { folder } = place;
  const metadataFile = `${folder}/meta.json`;
  const mounts = [{ id: "one", mountpoint: "/nowhere" }, { id: "two", mountpoint: folder }];
  await Deno.writeTextFile(metadataFile, JSON.stringify(mounts));
  const commit = async (name: string) => {
    const handle = await (await place.open({ id: "cheap", metadataFile })).open(name, {
      size: 0,
      algorithm: "md5",
    });
    await handle.pipe(new Blob([]).stream());
    return (await handle.commit()).metadata;
  };
  assert.deepEqual(await commit("img-1"), { id: "two", mountpoint: folder, store: "cheap" });
  await Deno.writeTextFile(metadataFile, JSON.stringify(mounts[0]));
  assert.deepEqual(await commit("img-2"), { store: "cheap" });
  assert.match(place.warnings.join(), /No mount point .* matches .*img-2/);
});

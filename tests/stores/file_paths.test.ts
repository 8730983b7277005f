import assert from "node:assert/strict";
import { reserveAndRename, systemCode, within } from "../../src/stores/file_disk.ts";
import { code, forked, random, sameBytes } from "./bodies.ts";
import { handlesUnder, names, scratch } from "./scratch.ts";
import { get, put } from "./suite.ts";

Deno.test("file: reads what a location names, as old deployments wrote it", async () => {
  await using place = await scratch();
  const { folder } = place;
  const store = await place.open();
  const bytes = random(100);
  await Deno.mkdir(`${folder}/else where%20`);
  await Deno.writeFile(`${folder}/else where%20/img`, bytes);
  await Deno.symlink(`${folder}/else where%20`, `${folder}/link`);
  for (const scheme of ["file", "filesystem", "FILE"]) {
    sameBytes(await get(store, `${scheme}://${folder}/else where%20/img?x=1#y`), bytes);
    sameBytes(await get(store, `${scheme}://${folder}/link/img`), bytes);
  }
});

Deno.test("file: refuses paths that climb and what is no regular file", async () => {
  await using place = await scratch();
  const { folder } = place;
  const store = await place.open();
  await put(store, "img-1", random(10));
  await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
  const bad = [`file://${folder}/images/../images/img-1`, "file://relative/img", `file://${folder}/a\0b`];
  for (const url of [...bad, `file://${folder}/pipe`, "file:///dev/zero", `file://${folder}/images`]) {
    assert.equal(await code(store.read(url)), "store_bad_uri", url);
    assert.equal(await code(store.size(url)), "store_bad_uri", url);
  }
  for (const url of bad) assert.equal(await code(store.delete(url)), "store_bad_uri", url);
  assert.equal(await code(store.read(`file://${folder}/images/img-1/x`)), "store_not_found");
  await Deno.mkdir(`${folder}/empty`);
  await assert.rejects(store.delete(`file://${folder}/empty`), {
    code: "store_forbidden",
    message: `You cannot delete file ${folder}/empty`,
  });
  assert.ok(names(folder).includes("empty"));
});

Deno.test("file: no handle is left open, however an upload or download ends", async () => {
  await using place = await scratch();
  const store = await place.open();
  const options = { size: null, algorithm: "sha512" };
  for (const end of ["cancel", "abort", "error"] as const) {
    // Beyond the size from which workers hash.
    const handle = await store.open("img", options);
    const body = forked();
    const stop = new AbortController();
    const piped = handle.pipe(body.stream, stop.signal);
    for (let count = 0; count < 12; count++) await body.push(random(512 * 1024));
    assert.equal((await handle.peek(0, 8))?.length, 8);
    if (end === "abort") stop.abort(new Error("enough"));
    if (end === "error") body.fail(new Error("gone"));
    const [result] = await Promise.allSettled([piped, handle.cancel()]);
    assert.equal(result.status, "rejected");
    assert.deepEqual(names(`${place.folder}/images`), []);
  }
  const url = await put(store, "img", random(6_000_000));
  for (const range of [undefined, { offset: 10 }, { offset: 10, length: 5 }]) {
    await (await store.read(url, range)).body.cancel();
    await new Response((await store.read(url, range)).body).bytes();
  }
  // Workers close theirs when they come to it.
  for (let tries = 0; tries < 100 && handlesUnder(place.folder).length > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(handlesUnder(place.folder), []);
});

Deno.test("file: zeros become holes when asked for", async () => {
  await using place = await scratch();
  const store = await place.open({ thinProvisioning: true });
  const bytes = new Uint8Array(8 * 1024 * 1024);
  bytes.set(random(100), 1_000_000);
  const url = await put(store, "img", bytes);
  sameBytes(await get(store, url), bytes);
  assert.ok(Deno.statSync(`${place.folder}/images/img`).blocks! * 512 <= 256 * 1024);
});

Deno.test("file: without hard links the name is reserved first and never taken twice", async () => {
  await using place = await scratch();
  const path = (name: string) => `${place.folder}/${name}`;
  for (const name of ["one", "two"]) await Deno.writeTextFile(path(name), name);
  await reserveAndRename(path("one"), path("final"));
  await assert.rejects(
    reserveAndRename(path("two"), path("final")),
    (error) => systemCode(error) === "EEXIST",
  );
  assert.equal(await Deno.readTextFile(path("final")), "one");
  await assert.rejects(reserveAndRename(path("three"), path("other")));
  assert.deepEqual(names(place.folder), ["final", "two"]);
});

Deno.test("file: a step that takes too long is a store_timeout", async () => {
  const slow = Promise.withResolvers<string>();
  await assert.rejects(within(0.01, slow.promise), { code: "store_timeout", message: /after 0.01s\. Check/ });
  slow.resolve("late");
  assert.equal(await within(5, slow.promise), "late");
  assert.equal(await within(0, slow.promise), "late");
});

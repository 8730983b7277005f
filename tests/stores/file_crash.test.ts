import assert from "node:assert/strict";
import { sweepTemporary, temporaryName } from "../../src/stores/file_disk.ts";
import { code, random, sent } from "./bodies.ts";
import { names, scratch } from "./scratch.ts";
import { put } from "./suite.ts";

/** Another process that begins to write `img-1` into `datadir` and says so on its standard output. */
function otherWriter(datadir: string): Deno.ChildProcess {
  const args = [
    "run",
    "-A",
    "--no-check",
    "--quiet",
    new URL("writer.ts", import.meta.url).pathname,
    datadir,
  ];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
}

Deno.test("file: what a killed process left is swept, what lives is not, and its id is free", async () => {
  await using place = await scratch();
  const datadir = `${place.folder}/images`;
  const store = await place.open();
  const mine = await store.open("img-2", { size: null, algorithm: "sha512" });
  const other = otherWriter(datadir);
  const output = other.stdout.getReader();
  assert.equal(new TextDecoder().decode((await output.read()).value), "writing\n");
  assert.equal(names(datadir).length, 2);
  assert.deepEqual(await sweepTemporary([datadir]), []);
  other.kill("SIGKILL");
  await Promise.all([other.status, output.cancel()]);
  const removed = await sweepTemporary([datadir, `${place.folder}/none`]);
  assert.equal(removed.length, 1);
  assert.match(removed[0]!, /\/images\/\.img-1\./);
  assert.equal(names(datadir).length, 1);
  await mine.pipe(sent(random(10)));
  await mine.commit();
  await put(store, "img-1", random(10));
  assert.deepEqual(names(datadir), ["img-1", "img-2"]);
});

Deno.test("file: leftovers of machines and containers that cannot be seen go by age, those of an earlier boot at once", async () => {
  await using place = await scratch();
  const own = temporaryName("img");
  const parts = /^(\.img\.)(\w{8})-(\w{8})-(\d+)-(\d+)-(\d+)(\.\w+\.tmp)$/.exec(own)!;
  const named = (machine: string, boot: string, space: string, pid: string, start: string, name = "img") =>
    `.${name}.${machine}-${boot}-${space}-${pid}-${start}${parts[7]}`;
  const [, , machine, boot, space, pid, start] = parts as unknown as string[];
  const old = [
    named("00000000", boot!, space!, pid!, start!, "machine-old"),
    named(machine!, boot!, "1", pid!, start!, "space-old"),
  ];
  const young = [
    named("00000000", boot!, space!, pid!, start!, "machine"),
    named(machine!, boot!, "1", pid!, start!, "space"),
    named(machine!, boot!, space!, pid!, start!, "mine"),
    "img",
    ".hidden",
    ".nfs000.tmp",
  ];
  const dead = [
    named(machine!, "00000000", space!, pid!, start!, "boot"),
    named(machine!, boot!, space!, pid!, "1", "pid-used-again"),
    named(machine!, boot!, space!, "4194305", start!, "no-such-pid"),
  ];
  for (const name of [...old, ...young, ...dead]) await Deno.writeTextFile(`${place.folder}/${name}`, "");
  const before = new Date(Date.now() - 25 * 3600 * 1000);
  for (const name of [...old, "img", ".hidden"]) await Deno.utime(`${place.folder}/${name}`, before, before);
  const removed = (await sweepTemporary([place.folder])).map((path) => path.slice(place.folder.length + 1));
  assert.deepEqual(removed.sort(), [...old, ...dead].sort());
  assert.deepEqual(names(place.folder), young.sort());
});

Deno.test("file: a killed commit leaves the image whole or not at all", async () => {
  await using place = await scratch();
  const datadir = `${place.folder}/images`;
  const store = await place.open();
  // What a crash between the two steps of the naming leaves: both names of one file.
  const url = await put(store, "img", random(1000));
  const dead = temporaryName("img").replace(/-\d+(\.\w+\.tmp)$/, "-1$1");
  await Deno.link(`${datadir}/img`, `${datadir}/${dead}`);
  assert.equal((await sweepTemporary(store.datadirs)).length, 1);
  assert.equal(await store.size(url), 1000);
  assert.equal(await code(store.open("img", { size: 1, algorithm: "md5" })), "store_duplicate");
});

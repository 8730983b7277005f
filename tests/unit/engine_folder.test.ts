import assert from "node:assert/strict";
import { folderFailure } from "../../src/cli/engine_failure.ts";
import { engineFolder, holdFolder, UnsafeFolder } from "../../src/cli/engine_folder.ts";

async function withTempDir(use: (dir: string) => void): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance_engine_" });
  try {
    use(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const me = Deno.uid()!;
const modeOf = (path: string) => Deno.lstatSync(path).mode! & 0o7777;

/** Gives the path away where we may; returns the user that it does not belong to. */
function notOf(path: string): number {
  if (me !== 0) return me + 1;
  Deno.chownSync(path, 12345, 12345);
  return me;
}

Deno.test("the engine's folder is ours alone, and one for all starts", async () => {
  await withTempDir((dir) => {
    const folder = engineFolder(dir, me);
    assert.equal(folder, `${Deno.realPathSync(dir)}/oneglance-${me}`);
    assert.equal(modeOf(folder), 0o700);
    Deno.writeTextFileSync(`${folder}/engine.node`, "ours", { mode: 0o644 });
    assert.equal(engineFolder(dir, me), folder);
    assert.equal(Deno.readTextFileSync(`${folder}/engine.node`), "ours");
  });
});

for (const mode of [0o1777, 0o777, 0o2775]) {
  Deno.test(`a TMPDIR of mode ${mode.toString(8)}, as /tmp and volumes of containers have, serves`, async () => {
    await withTempDir((dir) => {
      Deno.chmodSync(dir, mode);
      const folder = engineFolder(dir, me);
      assert.equal(modeOf(folder) & 0o777, 0o700);
      using held = holdFolder(folder, me);
      Deno.writeTextFileSync(`${held.path}/engine.node`, "ours");
      assert.equal(Deno.readTextFileSync(`${folder}/engine.node`), "ours");
    });
  });
}

Deno.test("another folder put in its place is not used", async () => {
  await withTempDir((dir) => {
    const folder = engineFolder(dir, me);
    using held = holdFolder(folder, me);
    Deno.renameSync(folder, `${dir}/away`);
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${held.path}/engine.node`, "ours");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    assert.equal(Deno.readTextFileSync(`${dir}/away/engine.node`), "ours");
  });
});

const REFUSED: [what: string, prepare: (dir: string) => number, reason: RegExp][] = [
  ["a folder that another user has made there", (dir) => {
    const owner = me === 0 ? 0 : me + 1;
    Deno.mkdirSync(`${dir}/oneglance-${owner}`);
    return notOf(`${dir}/oneglance-${owner}`);
  }, /belongs to user \d+$/],
  ["a link in its place", (dir) => {
    Deno.mkdirSync(`${dir}/elsewhere`);
    Deno.symlinkSync(`${dir}/elsewhere`, `${dir}/oneglance-${me}`);
    return me;
  }, /oneglance-\d+ is not a directory$/],
  ["a file in its place", (dir) => {
    Deno.writeTextFileSync(`${dir}/oneglance-${me}`, "");
    return me;
  }, /oneglance-\d+ is not a directory$/],
];
for (const [what, prepare, reason] of REFUSED) {
  Deno.test(`refused: ${what}`, async () => {
    await withTempDir((dir) => {
      const uid = prepare(dir);
      assert.throws(() => engineFolder(dir, uid), (error) => {
        assert.ok(error instanceof UnsafeFolder, String(error));
        assert.match(error.message, reason);
        const { text, code } = folderFailure(dir, error);
        assert.match(text, /^ERROR: The database engine is not loaded from .*\. Remove it, or set TMPDIR to/);
        return code === 5;
      });
    });
  });
}

Deno.test("what others left in our folder is removed, what is ours stays", async () => {
  await withTempDir((dir) => {
    const folder = engineFolder(dir, me);
    Deno.writeTextFileSync(`${folder}/ours.node`, "");
    Deno.writeTextFileSync(`${folder}/open.node`, "");
    Deno.chmodSync(`${folder}/open.node`, 0o666);
    Deno.writeTextFileSync(`${dir}/target`, "kept");
    Deno.symlinkSync(`${dir}/target`, `${folder}/link.node`);
    Deno.mkdirSync(`${folder}/folder.node`);
    Deno.chmodSync(`${folder}/folder.node`, 0o777);
    Deno.chmodSync(folder, 0o777);
    holdFolder(engineFolder(dir, me), me)[Symbol.dispose]();
    assert.equal(modeOf(folder), 0o700);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["ours.node"]);
    assert.equal(Deno.readTextFileSync(`${dir}/target`), "kept");
  });
});

Deno.test("no TMPDIR: the path and the reason, with exit code 5", async () => {
  await withTempDir((dir) => {
    assert.throws(() => engineFolder(`${dir}/none`, me), (error) => {
      const { text, code } = folderFailure(`${dir}/none`, error);
      assert.match(text, /cannot be unpacked into .*\/none: No such file .* Set TMPDIR/);
      return code === 5;
    });
  });
});

import assert from "node:assert/strict";
import { folderFailure } from "../../src/cli/engine_failure.ts";
import { engineFolder, UnsafeFolder } from "../../src/cli/engine_folder.ts";

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

Deno.test("a sticky directory for everybody, as /tmp is, serves", async () => {
  await withTempDir((dir) => {
    Deno.chmodSync(dir, 0o1777);
    assert.equal(modeOf(engineFolder(dir, me)), 0o700);
  });
});

const REFUSED: [what: string, prepare: (dir: string) => number, reason: RegExp][] = [
  ["TMPDIR of another user", (dir) => notOf(dir), /belongs to user \d+$/],
  ["a directory above TMPDIR of another user", (dir) => {
    Deno.mkdirSync(`${dir}/above/tmp`, { recursive: true });
    return notOf(`${dir}/above`);
  }, /belongs to user \d+$/],
  ["TMPDIR that everybody may write into", (dir) => {
    Deno.chmodSync(dir, 0o777);
    return me;
  }, /others may write into .* \(mode 777\)$/],
  ["TMPDIR that a group may write into", (dir) => {
    Deno.chmodSync(dir, 0o770);
    return me;
  }, /others may write into .* \(mode 770\)$/],
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
  ["our folder, open to others", (dir) => {
    Deno.mkdirSync(`${dir}/oneglance-${me}`);
    Deno.chmodSync(`${dir}/oneglance-${me}`, 0o1777);
    return me;
  }, /others may write into .* \(mode 1777\)$/],
];
for (const [what, prepare, reason] of REFUSED) {
  Deno.test(`refused: ${what}`, async () => {
    await withTempDir((dir) => {
      const uid = prepare(dir);
      const parent = what.startsWith("a directory above") ? `${dir}/above/tmp` : dir;
      const error = (() => {
        try {
          return engineFolder(parent, uid);
        } catch (thrown) {
          return thrown;
        }
      })();
      assert.ok(error instanceof UnsafeFolder, String(error));
      assert.match(error.message, reason);
      const { text, code } = folderFailure(parent, error);
      assert.equal(code, 5);
      assert.match(
        text,
        /^ERROR: The database engine is not loaded from .*\. Set TMPDIR to a directory that belongs/,
      );
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
    engineFolder(dir, me);
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

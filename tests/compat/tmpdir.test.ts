/** The executable unpacks its database engine into TMPDIR, which may be read-only, full, noexec, or another user's. */
import assert from "node:assert/strict";
import { basename } from "node:path";
import { oneglance } from "./support/oneglance.ts";
import { command } from "./support/processes.ts";

/** Runs a command with a tmpfs at `folder`, mounted with these options; only that command sees the mount. */
function mounted(folder: string, options: string, name: string, args: string[], env: Record<string, string>) {
  const script = 'mount -t tmpfs -o "$0" none "$1" && shift && exec "$@"';
  return command("unshare", ["-m", "sh", "-c", script, options, folder, name, ...args], { env });
}

const folder = await Deno.makeTempDir({ prefix: "oneglance_tmpdir_" });
const binary = Deno.env.has("ONEGLANCE_BIN");
const mounts = binary && (await mounted(folder, "noexec", "true", [], {}).catch(() => null))?.code === 0;
await Deno.remove(folder);
// A run from the sources unpacks nothing.
if (!mounts) {
  const without = binary ? "the right to mount" : "an executable (ONEGLANCE_BIN)";
  console.log(`skipped: tests/compat/tmpdir.test.ts, for want of ${without}`);
}

Deno.test(
  { name: "an unusable TMPDIR gives one line of error and exit code 5", ignore: !mounts },
  async (t) => {
    const folder = `/oneglance-${Deno.uid()}`;
    const cases: [options: string, what: string, where: string][] = [
      ["noexec", "must not be executed in", folder],
      ["ro", "cannot be unpacked into", ": Read-only file system (os error 30): mkdir "],
      ["size=1m", "cannot be unpacked into", folder],
    ];
    for (const [options, what, where] of cases) {
      await t.step(options, async () => {
        const TMPDIR = await Deno.makeTempDir({ prefix: "oneglance_tmpdir_" });
        try {
          const { name, args } = oneglance(["--version"]);
          const ended = await mounted(TMPDIR, options, name, args, { TMPDIR });
          const advice =
            "Set TMPDIR to a directory that is writable, has 10 MB left, and is not mounted noexec.";
          const place = where === folder ? `${TMPDIR}${where}` : `${TMPDIR}${where}'${TMPDIR}${folder}'`;
          assert.deepEqual(ended, {
            code: 5,
            stdout: "",
            stderr: `ERROR: The database engine ${what} ${place}. ${advice}\n`,
          });
        } finally {
          await Deno.remove(TMPDIR);
        }
      });
    }
  },
);

const fifo = binary && (await command("mkfifo", ["--version"]).catch(() => null))?.code === 0;
if (binary && !fifo) console.log("skipped: a part of tests/compat/tmpdir.test.ts, for want of mkfifo");

Deno.test(
  {
    name: "the engine is loaded from a folder of our own, and no other file of TMPDIR is read",
    ignore: !fifo,
  },
  async () => {
    const TMPDIR = await Deno.makeTempDir({ prefix: "oneglance_tmpdir_" });
    try {
      await Deno.chmod(TMPDIR, 0o1777);
      const { name, args } = oneglance(["--version"]);
      // The runtime would run the code in its cache unchecked. A read of this pipe would hang: it has no writer.
      const cache = `${TMPDIR}/deno-compile-${basename(name)}.cache`;
      assert.equal((await command("mkfifo", [cache])).code, 0);
      const ended = await command("timeout", ["20", name, ...args], { env: { TMPDIR } });
      assert.equal(ended.code, 0, ended.stderr);
      await Deno.remove(cache);
      const folder = `oneglance-${Deno.uid()}`;
      assert.deepEqual([...Deno.readDirSync(TMPDIR)].map((entry) => entry.name), [folder]);
      assert.equal((await Deno.lstat(`${TMPDIR}/${folder}`)).mode! & 0o7777, 0o700);
      assert.equal([...Deno.readDirSync(`${TMPDIR}/${folder}`)].length, 1);
    } finally {
      await Deno.remove(TMPDIR, { recursive: true });
    }
  },
);

Deno.test(
  {
    name: "in a shared TMPDIR the engine's folder must belong to our user, else exit code 5",
    ignore: !binary,
  },
  async () => {
    const TMPDIR = await Deno.makeTempDir({ prefix: "oneglance_tmpdir_" });
    try {
      await Deno.chmod(TMPDIR, 0o777);
      const { name, args } = oneglance(["--version"]);
      assert.equal((await command(name, args, { env: { TMPDIR } })).code, 0);
      const folder = `${TMPDIR}/oneglance-${Deno.uid()}`;
      await Deno.remove(folder, { recursive: true });
      await Deno.symlink("/nowhere", folder);
      const { code, stdout, stderr } = await command(name, args, { env: { TMPDIR } });
      assert.deepEqual({ code, stdout }, { code: 5, stdout: "" });
      const found = `${await Deno.realPath(TMPDIR)}/oneglance-${Deno.uid()}`;
      assert.equal(
        stderr,
        `ERROR: The database engine is not loaded from ${TMPDIR}: ${found} is not a directory. Remove it, or set ` +
          "TMPDIR to another directory.\n",
      );
    } finally {
      await Deno.remove(TMPDIR, { recursive: true });
    }
  },
);

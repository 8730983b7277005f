/** The executable where its database engine cannot be unpacked or loaded: TMPDIR read-only, full, or noexec. */
import assert from "node:assert/strict";
import { oneglance } from "./support/oneglance.ts";
import { command } from "./support/processes.ts";

/** Runs a command where `folder` is a tmpfs of its own, mounted with these options; seen by that command alone. */
function mounted(folder: string, options: string, name: string, args: string[], env: Record<string, string>) {
  const script = 'mount -t tmpfs -o "$0" none "$1" && shift && exec "$@"';
  return command("unshare", ["-m", "sh", "-c", script, options, folder, name, ...args], { env });
}

const folder = await Deno.makeTempDir({ prefix: "oneglance_tmpdir_" });
const binary = Deno.env.has("ONEGLANCE_BIN");
const mounts = binary && (await mounted(folder, "noexec", "true", [], {}).catch(() => null))?.code === 0;
await Deno.remove(folder);
// From the sources nothing is unpacked.
if (!mounts) {
  const without = binary ? "the right to mount" : "an executable (ONEGLANCE_BIN)";
  console.log(`skipped: tests/compat/tmpdir.test.ts, for want of ${without}`);
}

Deno.test(
  { name: "a TMPDIR that does not serve is told in one line, with exit code 5", ignore: !mounts },
  async (t) => {
    const cases: [options: string, what: string][] = [
      ["noexec", "must not be executed in"],
      ["ro", "cannot be unpacked into"],
      ["size=1m", "cannot be unpacked into"],
    ];
    for (const [options, what] of cases) {
      await t.step(options, async () => {
        const TMPDIR = await Deno.makeTempDir({ prefix: "oneglance_tmpdir_" });
        try {
          const { name, args } = oneglance(["--version"]);
          const ended = await mounted(TMPDIR, options, name, args, { TMPDIR });
          const advice =
            "Set TMPDIR to a directory that is writable, has 10 MB left, and is not mounted noexec.";
          assert.deepEqual(ended, {
            code: 5,
            stdout: "",
            stderr: `ERROR: The database engine ${what} ${TMPDIR}. ${advice}\n`,
          });
        } finally {
          await Deno.remove(TMPDIR);
        }
      });
    }
  },
);

/** `oneglance db` and `glance-manage db`: every action under each of its names (docs/reference/cli.md §1.1). */
import assert from "node:assert/strict";
import { DB_ACTIONS } from "../../src/cli/db_actions.ts";
import { run } from "../../src/cli/run.ts";
import { WORKERS } from "../../workers.ts";

/** Runs command lines on a database of their own. */
async function withShell(
  action: (run: (name: string, ...args: string[]) => Promise<[code: number, text: string]>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/glance.conf`;
    await Deno.writeTextFile(file, `[database]\nconnection = sqlite:///${folder}/glance.sqlite\n`);
    await action(async (name, ...args) => {
      const lines: string[] = [];
      const say = (text: string) => lines.push(text);
      const given = name === "oneglance"
        ? [...args, "--config-file", file]
        : ["--config-file", file, ...args];
      const code = await run({ args: given, name, workers: WORKERS, env: {}, out: say, err: say });
      return [code, lines.join("\n")];
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const DONE = "Database is up to date. No migrations needed.";

Deno.test("the steps of a rolling upgrade", () =>
  withShell(async (run) => {
    const [early, why] = await run("glance-manage", "db", "migrate");
    assert.equal(early, 1);
    assert.match(why, /^ERROR: Data migration did not run\. .*"glance-manage db expand"/);
    const [refused, reason] = await run("glance-manage", "db", "contract");
    assert.deepEqual([refused, reason.includes("Database contraction did not run.")], [1, true]);
    const [code, text] = await run("glance-manage", "db", "expand");
    assert.equal(code, 0);
    assert.match(text, /^Upgraded database to: 2024_1_expand01, current revision\(s\): /);
    for (const action of ["migrate", "contract", "expand"]) {
      assert.deepEqual(await run("glance-manage", "db", action), [0, DONE], action);
    }
    assert.deepEqual(await run("glance-manage", "db", "version"), [0, "2024_1_contract01"]);
  }));

Deno.test("every action has three names and a line of help", () =>
  withShell(async (run) => {
    await run("oneglance", "db", "sync");
    const [, help] = await run("glance-manage", "db");
    for (const action of Object.keys(DB_ACTIONS)) {
      const answer = await run("oneglance", "db", action);
      assert.equal(answer[0], 0, action);
      assert.deepEqual(await run("glance-manage", "db", action), answer, action);
      assert.deepEqual(await run("glance-manage", `db_${action}`), answer, action);
      assert.match(help, new RegExp(`^\\t${action} +[A-Z]`, "m"));
    }
  }));

/** What `deno task test` makes of deno's report. */
import assert from "node:assert/strict";
import { TestProgress } from "../../tools/test_progress.ts";

const REPORT =
  `\x1b[0m\x1b[38;5;245m./tests/a.test.ts => \x1b[0mone ... \x1b[0m\x1b[32mok\x1b[0m \x1b[38;5;245m(16ms)\x1b[0m
./tests/b.test.ts => two ... a step — GET /x → 200 ... ok (1ms)
./tests/b.test.ts => two ... FAILED (due to 1 failed step)
./tests/a.test.ts => three ... ignored (0ms)

 ERRORS
what went wrong`;

Deno.test("a line a file with its number and seconds, what failed or was skipped, deno's own words, the sum", () => {
  const said: string[] = [];
  const progress = new TestProgress(3, (line) => said.push(line.replaceAll(/\d+ s\b/g, "N s")));
  for (const line of REPORT.split("\n")) progress.take(line);
  progress.end();
  assert.deepEqual(said, [
    "1 of 3  N s  tests/a.test.ts",
    "2 of 3  N s  tests/b.test.ts",
    "    FAILED  two",
    "    ignored  three",
    "",
    " ERRORS",
    "what went wrong",
    "sum: 2 of 3 files in N s: 2 good, 1 bad, 1 left out (tests and their steps)",
  ]);
  // What counts results in a log looks for these words.
  assert.ok(said.every((line) => !/\d+ passed|\d+ failed/.test(line)));
});

Deno.test("the report of a single file is as deno writes it", () => {
  const said: string[] = [];
  const progress = new TestProgress(1, (line) => said.push(line));
  progress.take("running 2 tests from ./tests/a.test.ts");
  progress.take("one ... ok (1ms)");
  assert.match(said[0]!, /^1 of 1 +\d+ s +tests\/a\.test\.ts$/);
  assert.equal(said[1], "one ... ok (1ms)");
});

Deno.test("the exit code and the report file are deno's own", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const tool = new URL("../../tools/test.ts", import.meta.url).pathname;
    for (const [code, body] of [[0, "{}"], [1, '{ throw new Error("no"); }']] as const) {
      const file = `${folder}/${code}.test.ts`;
      await Deno.writeTextFile(file, `Deno.test("one", () => ${body});`);
      const junit = `${folder}/${code}.xml`;
      const ended = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", `--config=${config}`, tool, file, `--junit-path=${junit}`],
        stderr: "null",
      }).output();
      assert.equal(ended.code, code);
      const text = new TextDecoder().decode(ended.stdout);
      assert.match(text, /^1 of 1 /m);
      assert.match(text, /^sum: 1 of 1 files/m);
      assert.match(await Deno.readTextFile(junit), /tests="1"/);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { parseShared } from "../../src/config/cli_options.ts";
import { UsageError } from "../../src/util/arguments.ts";

Deno.test("shared options stand before and after the sub-command; order of sources is kept", () => {
  const shared = parseShared(
    ["--config-file", "a", "db", "--config-dir=d", "sync", "--config-file=b", "--nodebug", "--version", "x"],
  );
  assert.deepEqual(shared.sources, [
    { kind: "file", path: "a" },
    { kind: "dir", path: "d" },
    { kind: "file", path: "b" },
  ]);
  assert.deepEqual(shared.rest, ["db", "sync", "x"]);
  assert.deepEqual(shared.overrides, { "DEFAULT.debug": "false" });
  assert.equal(shared.version, true);
  assert.equal(shared.help, false);
});

const OVERRIDES: [args: string[], key: string, text: string][] = [
  [["--debug"], "DEFAULT.debug", "true"],
  [["-d"], "DEFAULT.debug", "true"],
  [["-d", "--nodebug"], "DEFAULT.debug", "false"],
  [["--logfile", "x"], "DEFAULT.log_file", "x"],
  [["--log-file=x=y"], "DEFAULT.log_file", "x=y"],
  [["--logdir", "x"], "DEFAULT.log_dir", "x"],
  [["--log_config", "x"], "DEFAULT.log_config_append", "x"],
  [["--log-config-append", "x"], "DEFAULT.log_config_append", "x"],
  [["--use-json"], "DEFAULT.use_json", "true"],
  [["--use-journal"], "DEFAULT.use_journal", "true"],
  [["--syslog-log-facility", "LOG_LOCAL0"], "DEFAULT.syslog_log_facility", "LOG_LOCAL0"],
];
for (const [args, key, text] of OVERRIDES) {
  Deno.test(`shared options: ${args.join(" ")}`, () => {
    assert.deepEqual(parseShared(args).overrides, { [key]: text });
  });
}

Deno.test("other options and what follows -- are left alone", () => {
  const args = ["--path", "p", "--", "--debug"];
  assert.deepEqual(parseShared(args).rest, args);
  assert.deepEqual(parseShared(args).overrides, {});
});

for (const args of [["--config-file"], ["--config-file", "--debug"], ["--debug=true"], ["db", "--log-dir"]]) {
  Deno.test(`usage error: ${args.join(" ")}`, () => {
    assert.throws(() => parseShared(args), UsageError);
  });
}

Deno.test("help in both spellings", () => {
  assert.equal(parseShared(["-h"]).help, true);
  assert.equal(parseShared(["db", "--help"]).help, true);
});

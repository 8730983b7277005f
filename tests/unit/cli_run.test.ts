/** What every command of `oneglance` has in common: help, words it does not know, and where its data is. */
import assert from "node:assert/strict";
import { parseLine } from "../../src/cli/command_line.ts";
import { configure } from "../../src/cli/configuration.ts";
import { COMMANDS, PROGRAMS, run } from "../../src/cli/run.ts";
import { syncDatabase } from "../../db/manage.ts";
import { isError } from "../../src/errors.ts";
import { WORKERS } from "../../workers.ts";

async function shell(args: string[], env: Record<string, string> = {}, name = "oneglance") {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run({
    args,
    name,
    workers: WORKERS,
    env,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

async function inTempDir(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-cli-" });
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("every command: --help prints its help, help does too, a word too many is a usage error", async () => {
  for (const command of Object.keys(COMMANDS)) {
    const asked = await shell([command, "--help"]);
    assert.equal(asked.code, 0, command);
    assert.match(asked.out, new RegExp(`^Usage: oneglance ${command}`));
    assert.deepEqual(await shell(["help", command]), asked);
    const { code, out, err } = await shell([command, "--frobnicate", "extra"]);
    assert.deepEqual({ code, out }, { code: 2, out: "" }, command);
    assert.ok(err.endsWith(`Try 'oneglance help ${command}'.`) || command === "policy", err);
  }
  for (const program of Object.keys(PROGRAMS)) {
    assert.equal((await shell(["help", program])).code, 0, program);
    const { code, err } = await shell([program, "--frobnicate"]);
    assert.equal(code, 2, program);
    assert.match(err, new RegExp(`Try 'oneglance help ${program}'\\.$`));
    assert.match((await shell(["--frobnicate"], {}, program)).err, new RegExp(`Try '${program} --help'\\.$`));
  }
});

Deno.test("words that are not known: what may have been meant", async () => {
  const rows: [args: string[], said: RegExp][] = [
    [["serv"], /^There is no command 'serv'\. Did you mean 'serve'\?\nTry 'oneglance --help'\.$/],
    [["help", "stcuk"], /^There is no command 'stcuk'\. Did you mean 'stuck'\?/],
    [["frobnicate"], /^There is no command 'frobnicate'\.\nTry/],
    [
      ["serve", "--port", "1"],
      /^serve does not know '--port'\. Did you mean '--bind-port'\?\nTry 'oneglance help serve'/,
    ],
    [["serve", "--port=1"], /^serve does not know '--port'\. Did you mean '--bind-port'\?/],
    [["serve", "--standlone"], /^serve does not know '--standlone'\. Did you mean '--standalone'\?/],
    [["serve", "--config-fil", "x"], /Did you mean '--config-file'\?/],
    [["db", "snyc"], /^db needs one of sync, .* Did you mean 'sync'\?/],
    [["db", "sync", "extra"], /^db sync does not know 'extra'\./],
    [["metadefs", "lod"], /Did you mean 'load'\?/],
    [["metadefs", "list", "--jsno"], /^metadefs list does not know '--jsno'\. Did you mean '--json'\?/],
    [["stuck", "--put-bak"], /Did you mean '--put-back'\?/],
    [["inspect", "--jsn", "x"], /Did you mean '--json'\?/],
    [["sample-config", "extra"], /^sample-config does not know 'extra'\./],
    [["stuck", "--standalone", "--config-file", "x"], /^--standalone reads no --config-file/],
  ];
  for (const [args, said] of rows) {
    const { code, out, err } = await shell(args);
    assert.deepEqual({ code, out }, { code: 2, out: "" }, args.join(" "));
    assert.match(err, said);
  }
});

Deno.test("open access is refused with what allows it in this mode, and a flag does", () =>
  inTempDir(async (dir) => {
    const everywhere = ["--bind-host", "192.0.2.1", "--bind-port", "0"];
    const standalone = ["serve", "--standalone", "--data-dir", dir, ...everywhere];
    const refused = await shell(standalone);
    assert.equal(refused.code, 5);
    assert.match(
      refused.err,
      /--allow-open-access \(OS_ONEGLANCE__ALLOW_OPEN_ACCESS=true in the environment\)/,
    );
    assert.doesNotMatch(refused.err, /\[paste_deploy\]|\[oneglance\]/);
    const config = `${dir}/glance-api.conf`;
    await Deno.writeTextFile(config, `[database]\nconnection = sqlite:///${dir}/x\n`);
    const configured = await shell(["serve", "--config-file", config, ...everywhere]);
    assert.match(configured.err, /\[paste_deploy\] flavor = keystone, .* --allow-open-access/);
    // Gets as far as the address, which is not of this machine.
    const allowed = await shell([...standalone, "--allow-open-access"]);
    assert.match(allowed.err, /^ERROR: Cannot listen on 192\.0\.2\.1:0: /);
  }));

Deno.test("every command finds the data of a stand-alone start: named, or in its default place", () =>
  inTempDir(async (dir) => {
    const data = `${dir}/oneglance`;
    const env = { XDG_DATA_HOME: dir };
    const commands = [["stuck"], ["db", "check"], ["metadefs", "list"], ["metadefs", "load", "--shipped"]];
    for (const args of commands) {
      const { code, err } = await shell([...args, "--standalone"], env);
      assert.equal(code, 5, args.join(" "));
      assert.equal(
        err,
        `ERROR: There is no data in ${data} (--data-dir). 'oneglance serve --standalone' makes it.`,
      );
    }
    await Deno.mkdir(data);
    await syncDatabase(`sqlite:///${data}/glance.sqlite`);
    for (const args of commands) {
      for (const [more, set] of [[[], env], [["--data-dir", data], {}]] as const) {
        const { code, err } = await shell([...args, "--standalone", ...more], set);
        assert.equal(code, 0, `${args.join(" ")}: ${err}`);
      }
    }
    assert.equal(
      (await shell(["policy", "check", "--standalone", "--rule", "get_image", "--as", "role:admin"])).code,
      0,
    );
    await Deno.writeTextFile(`${dir}/file`, "some bytes");
    assert.equal((await shell(["inspect", "--standalone", `${dir}/file`])).code, 0);
  }));

Deno.test("policy check says what is to mend in the policy files, beside the answer", () =>
  inTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/glance-api.conf`, "");
    await Deno.writeTextFile(`${dir}/policy.yaml`, "delete_imag: role:member\n");
    const ask = ["policy", "check", "--config-file", `${dir}/glance-api.conf`, "--rule", "delete_image"];
    const { code, out, err } = await shell([...ask, "--as", "role:member,project:p"]);
    assert.equal(code, 1);
    assert.match(out, /^denied: delete_image\n/);
    assert.match(err, /policy\.yaml:1: policy rule "delete_imag" .* Did you mean 'delete_image'\?/);
  }));

Deno.test("without a configuration file the default place is taken, when there is data or a start makes it", () =>
  inTempDir(async (dir) => {
    const program = { env: { XDG_DATA_HOME: dir } };
    const nowhere = { searchPath: [] };
    const missing = (error: unknown) =>
      isError(error, "config") && error.message.startsWith("There is no conf");
    assert.throws(() => configure(program, parseLine([]), "glance-api", nowhere), missing);
    const started = configure(program, parseLine([]), "glance-api", { ...nowhere, start: true });
    assert.equal(started.standalone, true);
    await Deno.mkdir(`${dir}/oneglance`);
    await Deno.writeTextFile(`${dir}/oneglance/glance.sqlite`, "");
    const found = configure(program, parseLine([]), "glance-manage", nowhere);
    assert.equal(found.standalone, true);
    assert.equal(found.config.get("database.connection"), `sqlite:///${dir}/oneglance/glance.sqlite`);
    // A file is the configuration, whatever it says.
    await Deno.writeTextFile(`${dir}/glance-api.conf`, "[DEFAULT]\n");
    const configured = configure(program, parseLine([]), "glance-api", { searchPath: [dir] });
    assert.equal(configured.standalone, false);
  }));

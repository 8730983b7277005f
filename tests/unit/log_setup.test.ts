import assert from "node:assert/strict";
import { join } from "node:path";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";
import { logAccess } from "../../src/observe/access_log.ts";
import { configureLogging } from "../../src/observe/configure_logging.ts";
import { flushLog, getLog, reopenLog, setUpLog } from "../../src/observe/log.ts";
import { fileWriter } from "../../src/observe/log_writer.ts";
import { logged, QUIET } from "../support/logged.ts";

Deno.test("levels: INFO by default, DEBUG with debug, and default_log_levels by prefix of the name", () => {
  const plain = logged({ "DEFAULT.default_log_levels": "loud=DEBUG,quiet=ERROR" }, () => {
    for (const name of ["x", "loud.a", "quiet.b.c", "quieter"]) {
      getLog(name).debug(`${name} debug`);
      getLog(name).warn(`${name} warn`);
    }
  });
  const said = [...plain.matchAll(/\[-\] (.*)/g)].map((each) => each[1]);
  assert.deepEqual(said, ["x warn", "loud.a debug", "loud.a warn", "quieter warn"]);
  assert.match(logged({ "DEFAULT.debug": "true" }, () => getLog("x").debug("seen")), /DEBUG x \[-\] seen/);
});

Deno.test("debug lists the options, unknown and obsolete keys, secrets masked", () => {
  const text = logged({
    "DEFAULT.debug": "true",
    "keystone_authtoken.password": "hush",
    "made.up": "1",
    "DEFAULT.enable_v1_api": "1",
    "DEFAULT.disk_formats": "raw",
    "keystone_authtoken.memcache_pool_maxsize": "x",
  }, () => {});
  assert.match(text, /DEBUG oneglance\.config \[-\] \[keystone_authtoken\] password = \*\*\*\*/);
  assert.match(text, /DEBUG oneglance\.config \[-\] test:4: \[made\] up is unknown/);
  assert.match(text, /\[DEFAULT\] enable_v1_api is obsolete/);
  assert.match(
    text,
    /WARNING .*option DEFAULT\.disk_formats is deprecated, its name is image_format\.disk_formats/,
  );
  assert.match(text, /WARNING .*memcache_pool_maxsize = x: expected an integer; the default is used/);
  assert.ok(!text.includes("hush"));
});

const SLIPS: [options: Record<string, string>, said: string[]][] = [
  [{ "DEFAULT.debgu": "1" }, [
    "test:1: [DEFAULT] debgu is not a known option and ignored; did you mean debug?",
  ]],
  [{ "paste_deploy.flavour": "keystone" }, [
    "test:1: [paste_deploy] flavour is not a known option and ignored; did you mean flavor?",
  ]],
  [{ "DEFAULT.flavor": "keystone" }, [
    "test:1: [DEFAULT] flavor is not a known option and ignored; did you mean flavor of the section [paste_deploy]?",
  ]],
  [{ "keystone_authtokn.username": "a", "keystone_authtokn.password": "b" }, [
    "test:1: [keystone_authtokn] is not a known section and ignored; did you mean the section [keystone_authtoken]?",
  ]],
  [{ "default.bind_port": "1" }, [
    "test:1: [default] is not a known section and ignored; did you mean the section [DEFAULT]?",
  ]],
  [{ "DEFAULT.log-file": "x" }, [
    "test:1: [DEFAULT] log-file is not a known option and ignored; did you mean log_file?",
  ]],
  [{ "DEFAULT.enabled_backends": "fast:file", "fast.filesystem_store_datadri": "/x" }, [
    "test:2: [fast] filesystem_store_datadri is not a known option and ignored; did you mean filesystem_store_datadir?",
  ]],
  [{ "DEFAULT.enable_v1_api": "1", "made.up": "1", "nova.region_name": "x", "DEFAULT.verbose": "1" }, []],
];
for (const [options, expected] of SLIPS) {
  Deno.test(`a slip is one WARNING with file, line and the near name: ${Object.keys(options)}`, () => {
    for (const debug of ["false", "true"]) {
      const text = logged({ "DEFAULT.debug": debug, ...options }, () => {});
      const said = [...text.matchAll(/ WARNING oneglance\.config \[-\] (.*)/g)].map((each) =>
        each[1]!.replace(/^test:(\d+)/, (_, line) => `test:${Number(line) - 2}`)
      );
      assert.deepEqual(said, expected);
    }
  });
}

Deno.test("an access line carries request, user, project, status, bytes and seconds", () => {
  const text = logged({}, () =>
    logAccess({
      peer: "10.0.0.9",
      method: "GET",
      path: "/v2/images?limit=2",
      protocol: "HTTP/1.1",
      status: 200,
      bytes: 512,
      seconds: 0.01234,
      context: { requestId: "req-1", userId: "u", projectId: "p" },
    }));
  assert.match(
    text,
    /INFO oneglance\.access \[None req-1 u p - - - -\] 10\.0\.0\.9 "GET \/v2\/images\?limit=2 HTTP\/1\.1" status: 200 len: 512 time: 0\.0123\n$/,
  );
});

Deno.test("use_json", () => {
  const text = logged(
    { "DEFAULT.use_json": "true" },
    () => getLog("x").error("bad", { error: new Error("why") }),
  );
  const made = JSON.parse(text);
  assert.deepEqual([made.name, made.message, made.error_summary], ["x", "bad", "Error: why"]);
});

Deno.test("a log file is opened anew after SIGHUP", () => {
  const text = logged({}, (path) => {
    getLog("x").info("before");
    flushLog();
    Deno.renameSync(path, `${path}.1`);
    reopenLog();
    getLog("x").info("after");
    flushLog();
    assert.match(Deno.readTextFileSync(`${path}.1`), /before\n$/);
  });
  assert.match(text, /after\n$/);
  assert.ok(!text.includes("before"));
});

Deno.test("a log file that was moved away is noticed without SIGHUP", () => {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "x.log");
  const now = Date.now;
  const writer = fileWriter(path);
  try {
    writer.write("one\n");
    writer.flush();
    Deno.renameSync(path, `${path}.1`);
    Date.now = () => now() + 2000;
    writer.write("two\n");
    writer.flush();
    assert.equal(Deno.readTextFileSync(path), "two\n");
    assert.equal(Deno.readTextFileSync(`${path}.1`), "one\n");
    Deno.renameSync(path, `${path}.2`);
    Deno.mkdirSync(path);
    Date.now = () => now() + 4000;
    writer.write("three\n");
    writer.flush();
    assert.equal(Deno.readTextFileSync(`${path}.2`), "two\nthree\n");
  } finally {
    Date.now = now;
    writer.close();
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("lines are kept back up to 64 KiB or 100 ms", async () => {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "x.log");
  const writer = fileWriter(path);
  const size = () => Deno.statSync(path).size;
  try {
    writer.write("x".repeat(1000));
    assert.equal(size(), 0);
    writer.write("x".repeat(65000));
    assert.equal(size(), 66000);
    writer.write("y");
    for (let waited = 0; waited < 5000 && size() === 66000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(size(), 66001);
  } finally {
    writer.close();
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("log_dir names the file after the program, a relative log_file lies in it", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const options: Record<string, string> = { "DEFAULT.log_dir": folder, "DEFAULT.use_stderr": "false" };
    configureLogging(configFrom(options), "glance-manage");
    configureLogging(configFrom({ ...options, "DEFAULT.log_file": "own.log" }), "glance-api");
    assert.deepEqual([...Deno.readDirSync(folder)].map((each) => each.name).sort(), [
      "glance-manage.log",
      "own.log",
    ]);
  } finally {
    setUpLog(QUIET);
    Deno.removeSync(folder, { recursive: true });
  }
});

const FATAL: [Record<string, string>, RegExp][] = [
  [
    { "DEFAULT.log_file": "/proc/nonexistent/x.log" },
    /\/proc\/nonexistent\/x\.log: the log file cannot be opened/,
  ],
  [{ "DEFAULT.log_config_append": "/proc/nonexistent/logging.conf" }, /log_config_append: .* does not exist/],
];
for (const [options, message] of FATAL) {
  Deno.test(`fatal: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => configureLogging(configFrom(options), "glance-api"),
      (error) => isError(error, "config") && message.test(error.message),
    );
  });
}

Deno.test("log_config_append: levels of Python's loggers, lines on standard output", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const conf = join(folder, "logging.conf");
    Deno.writeTextFileSync(
      conf,
      "[loggers]\nkeys = root, glance, x\n[logger_root]\nlevel = ERROR\nhandlers = a\n" +
        "[logger_glance]\nlevel = WARNING\nqualname = glance\n[logger_x]\nlevel = DEBUG\nqualname = x\n" +
        "[handler_a]\nclass = StreamHandler\nargs = (sys.stderr,)\n",
    );
    const program = join(folder, "program.ts");
    const at = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
    Deno.writeTextFileSync(
      program,
      `import { configFrom } from ${at("src/config/config.ts")};
import { configureLogging } from ${at("src/observe/configure_logging.ts")};
import { getLog } from ${at("src/observe/log.ts")};
configureLogging(configFrom({ "DEFAULT.log_config_append": ${JSON.stringify(conf)} }), "glance-api");
getLog("oneglance.images").info("no");
getLog("oneglance.images").warn("yes");
getLog("x").debug("yes too");
Deno.exit(3);`,
    );
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--quiet", "--config", config, program],
    });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 3, new TextDecoder().decode(stderr));
    // What was kept back is written when the program ends by Deno.exit.
    assert.deepEqual([...text.matchAll(/\[-\] (.*)/g)].map((each) => each[1]), ["yes", "yes too"]);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

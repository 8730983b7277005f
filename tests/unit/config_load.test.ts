import assert from "node:assert/strict";
import { join } from "node:path";
import { configFrom, loadConfig, type LoadOptions } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";

/** Makes files in a temporary folder, calls `use` with it, and removes it. */
function withFiles(files: Record<string, string>, use: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.mkdirSync(join(folder, name, ".."), { recursive: true });
      Deno.writeTextFileSync(join(folder, name), text);
    }
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function load(given: Partial<LoadOptions>) {
  return loadConfig({ prog: "glance-api", searchPath: [], ...given });
}

Deno.test("command line beats environment beats files beats defaults", () => {
  withFiles({ "a.conf": "[DEFAULT]\nlimit_param_default = 1\n" }, (folder) => {
    const sources = [{ kind: "file" as const, path: join(folder, "a.conf") }];
    const env = { OS_DEFAULT__LIMIT_PARAM_DEFAULT: "2" };
    const overrides = { "DEFAULT.limit_param_default": "3" };
    const key = "DEFAULT.limit_param_default";
    const cases: [Partial<LoadOptions>, number, string][] = [
      [{}, 25, "default"],
      [{ sources }, 1, `${folder}/a.conf:2`],
      [{ sources, env }, 2, "environment"],
      [{ sources, env, overrides }, 3, "command line"],
    ];
    for (const [given, value, source] of cases) {
      const config = load(given);
      assert.deepEqual([config.get(key), config.source(key)], [value, source]);
      assert.equal(config.isSet(key), source !== "default");
    }
  });
});

Deno.test("a later file beats an earlier one; repeated keys: the last counts, multi-valued ones add up", () => {
  const first =
    "[oslo_policy]\npolicy_file = a\npolicy_dirs = 1\npolicy_dirs = 2\n[DEFAULT]\nhttp_retries = 7\n";
  const second = "[oslo_policy]\npolicy_file = b\npolicy_file = c\npolicy_dirs = 3\n";
  withFiles({ "a.conf": first, "b.conf": second }, (folder) => {
    const paths = [join(folder, "a.conf"), join(folder, "b.conf")];
    const config = load({ sources: paths.map((path) => ({ kind: "file", path })) });
    assert.equal(config.get("oslo_policy.policy_file"), "c");
    assert.deepEqual(config.get("oslo_policy.policy_dirs"), ["1", "2", "3"]);
    assert.equal(config.get("DEFAULT.http_retries"), 7);
    assert.deepEqual(config.files, paths);
  });
});

Deno.test("--config-dir gives its *.conf files by name, after the files named before it", () => {
  const text = (value: number) => `[DEFAULT]\nhttp_retries = ${value}\n`;
  const made = {
    "x.conf": text(1),
    "d/20.conf": text(3),
    "d/10.conf": text(2),
    "d/30.txt": text(9),
    "y.conf": text(4),
  };
  withFiles(made, (folder) => {
    const file = (name: string) => ({ kind: "file" as const, path: join(folder, name) });
    const dir = { kind: "dir" as const, path: join(folder, "d") };
    assert.equal(load({ sources: [file("x.conf"), dir] }).get("DEFAULT.http_retries"), 3);
    assert.equal(load({ sources: [dir, file("y.conf")] }).get("DEFAULT.http_retries"), 4);
    assert.deepEqual(
      load({ sources: [file("x.conf"), dir] }).files,
      ["x.conf", "d/10.conf", "d/20.conf"].map((name) => join(folder, name)),
    );
  });
});

const MISSING: ["file" | "dir", RegExp][] = [
  ["file", /nowhere: no such configuration file/],
  ["dir", /nowhere: no such configuration directory/],
];
for (const [kind, message] of MISSING) {
  Deno.test(`a missing ${kind} of the command line is an error`, () => {
    assert.throws(
      () => load({ sources: [{ kind, path: "/nonexistent/nowhere" }] }),
      (error) => isError(error, "config") && message.test(error.message),
    );
  });
}

Deno.test("a file that is not UTF-8 is an error", () => {
  const path = Deno.makeTempFileSync();
  Deno.writeFileSync(path, new Uint8Array([0x5b, 0xff, 0x5d]));
  try {
    assert.throws(
      () => load({ sources: [{ kind: "file", path }] }),
      (error) => isError(error, "config") && /expected UTF-8/.test(error.message),
    );
  } finally {
    Deno.removeSync(path);
  }
});

const DEFAULT_FILES: [prog: string, names: string[]][] = [
  ["glance-api", ["glance.conf", "glance-image-import.conf", "glance-api.conf", "glance-api.conf.d/1.conf"]],
  ["glance-manage", [
    "glance.conf",
    "glance-image-import.conf",
    "glance-api.conf",
    "glance-manage.conf",
    "glance-api.conf.d/1.conf",
  ]],
  ["glance-cache-pruner", [
    "glance.conf",
    "glance-image-import.conf",
    "glance-api.conf",
    "glance-cache.conf",
    "glance-api.conf.d/1.conf",
  ]],
  ["glance-scrubber", ["glance.conf", "glance-scrubber.conf"]],
  ["glance-cache-manage", []],
];
for (const [prog, names] of DEFAULT_FILES) {
  Deno.test(`default files of ${prog}`, () => {
    const all = [
      "glance",
      "glance-image-import",
      "glance-api",
      "glance-manage",
      "glance-cache",
      "glance-scrubber",
    ];
    const made = Object.fromEntries(
      [...all.map((name) => `${name}.conf`), "glance-api.conf.d/1.conf"].map((n) => [n, ""]),
    );
    withFiles(made, (folder) => {
      const config = loadConfig({ prog, searchPath: ["/nonexistent", folder] });
      assert.deepEqual(config.files, names.map((name) => join(folder, name)));
    });
  });
}

const PARTLY: [named: ("file" | "dir")[], values: [number, number, number]][] = [
  [[], [1, 2, 2]],
  [["dir"], [1, 1, 3]],
  [["file"], [128, 2, 4]],
  [["file", "dir"], [128, 128, 3]],
  [["dir", "file"], [128, 128, 4]],
];
for (const [named, expected] of PARTLY) {
  Deno.test(`default files without --config-file, default directories without --config-dir: ${named}`, () => {
    const text = (value: number, ...names: string[]) =>
      `[DEFAULT]\n${names.map((each) => `image_${each}_quota = ${value}\n`).join("")}`;
    const made = {
      "default/glance-api.conf": text(1, "tag", "member", "property"),
      "default/glance-api.conf.d/1.conf": text(2, "member", "property"),
      "d/1.conf": text(3, "property"),
      "f.conf": text(4, "property"),
    };
    withFiles(made, (folder) => {
      const paths = { file: join(folder, "f.conf"), dir: join(folder, "d") };
      for (const prog of ["glance-api", "glance-manage"]) {
        const sources = named.map((kind) => ({ kind, path: paths[kind] }));
        const config = loadConfig({ prog, sources, searchPath: [join(folder, "default")] });
        const got = ["tag", "member", "property"].map((each) =>
          config.get(`DEFAULT.image_${each}_quota` as "DEFAULT.image_tag_quota")
        );
        assert.deepEqual(got, expected);
      }
    });
  });
}

Deno.test("the search path starts in the home directory, first found counts", () => {
  withFiles(
    { ".glance/glance-scrubber.conf": "[DEFAULT]\nscrub_time = 5\n", "glance-scrubber.conf": "" },
    (folder) => {
      const config = loadConfig({ prog: "glance-scrubber", env: { HOME: folder } });
      assert.equal(config.files.at(-1), join(folder, ".glance/glance-scrubber.conf"));
      assert.equal(config.get("DEFAULT.scrub_time"), 5);
    },
  );
});

Deno.test("OS_GLANCE_CONFIG_DIR: the import file first, so that glance-api.conf wins", () => {
  const made = {
    "glance-image-import.conf": "[DEFAULT]\nhttp_retries = 1\nscrub_time = 9\n",
    "glance-api.conf": "",
  };
  withFiles(made, (folder) => {
    Deno.writeTextFileSync(join(folder, "glance-api.conf"), "[DEFAULT]\nhttp_retries = 2\n");
    const config = load({ env: { OS_GLANCE_CONFIG_DIR: folder } });
    assert.equal(config.get("DEFAULT.http_retries"), 2);
    assert.equal(config.get("DEFAULT.scrub_time"), 9);
  });
});

Deno.test("companion files: config dirs, directories of files last to first, search path", () => {
  withFiles({
    "a/x.conf": "",
    "b/x.conf": "",
    "a/policy.yaml": "",
    "b/policy.yaml": "",
    "s/only": "",
    "d/in": "",
  }, (folder) => {
    const at = (name: string) => join(folder, name);
    const config = load({
      sources: [{ kind: "file", path: at("a/x.conf") }, { kind: "file", path: at("b/x.conf") }, {
        kind: "dir",
        path: at("d"),
      }],
      searchPath: [at("s")],
    });
    assert.equal(config.findFile("policy.yaml"), at("b/policy.yaml"));
    assert.equal(config.findFile("in"), at("d/in"));
    assert.equal(config.findFile("only"), at("s/only"));
    assert.equal(config.findFile("nothing"), null);
    assert.equal(config.findFile(at("a/policy.yaml")), at("a/policy.yaml"));
    assert.equal(config.findFile(at("a/nothing")), null);
  });
});

Deno.test("section names: as written first, then in lower case; DEFAULT is exact; option names are exact", () => {
  assert.equal(configFrom({ "Oslo_Limit.endpoint_id": "e" }).get("oslo_limit.endpoint_id"), "e");
  const both = configFrom({ "Oslo_Limit.endpoint_id": "other", "oslo_limit.endpoint_id": "exact" });
  assert.equal(both.get("oslo_limit.endpoint_id"), "exact");
  const wrong = configFrom({ "default.http_retries": "9", "DEFAULT.HTTP_RETRIES": "9" });
  assert.equal(wrong.get("DEFAULT.http_retries"), 3);
  assert.deepEqual(wrong.unknown.map(({ group, name }) => `${group}.${name}`), [
    "default.http_retries",
    "DEFAULT.HTTP_RETRIES",
  ]);
});

Deno.test("old names count when the new one is not given, and are reported", () => {
  const old = configFrom({ "DEFAULT.disk_formats": "raw", "DEFAULT.logfile": "x.log" });
  assert.deepEqual(old.get("image_format.disk_formats"), ["raw"]);
  assert.equal(old.get("DEFAULT.log_file"), "x.log");
  assert.deepEqual(old.deprecated.map((each) => [each.old, each.now, each.line]), [
    ["DEFAULT.logfile", "DEFAULT.log_file", 2],
    ["DEFAULT.disk_formats", "image_format.disk_formats", 1],
  ]);
  const both = configFrom({ "DEFAULT.disk_formats": "raw", "image_format.disk_formats": "iso" });
  assert.deepEqual(both.get("image_format.disk_formats"), ["iso"]);
  assert.deepEqual(both.deprecated, []);
});

Deno.test("unknown and obsolete keys are gathered, not refused", () => {
  const config = configFrom({
    "DEFAULT.enable_v1_api": "x",
    "keystone_authtoken.signing_dir": "x",
    "glance_store.rbd_store_crush_rule": "x",
    "oslo_messaging_rabbit.rabbit_quorum_queues": "x",
    "made.up": "x",
    "glance_store.filesystem_store_datadir": "/x",
    "keystone_authtoken.tenant_name": "x",
  });
  assert.deepEqual(config.unknown.map((each) => `${each.group}.${each.name}:${each.line}`), ["made.up:5"]);
  assert.equal(config.obsolete.length, 4);
});

Deno.test("auth_section: the login's options come from the section it names", () => {
  const config = configFrom({
    "keystone_authtoken.auth_section": "service_login",
    "keystone_authtoken.username": "not me",
    "keystone_authtoken.token_cache_time": "5",
    "service_login.username": "glance",
    "service_login.user-name": "old",
    "service_login.auth_url": "http://k/$nothing".replace("$nothing", "v3"),
  });
  assert.equal(config.get("keystone_authtoken.username"), "glance");
  assert.equal(config.get("keystone_authtoken.auth_url"), "http://k/v3");
  assert.equal(config.get("keystone_authtoken.password"), null);
  assert.equal(config.get("keystone_authtoken.token_cache_time"), 5);
});

Deno.test("lock_path has the variable OSLO_LOCK_PATH as its default", () => {
  assert.equal(configFrom({}, { env: { OSLO_LOCK_PATH: "/l" } }).get("oslo_concurrency.lock_path"), "/l");
  assert.equal(configFrom({}).get("oslo_concurrency.lock_path"), null);
});

Deno.test("the list of options shows no secret", () => {
  const config = configFrom({
    "DEFAULT.enabled_backends": "s:s3",
    "s.s3_store_secret_key": "hush",
    "keystone_authtoken.password": "hush",
    "database.connection": "mysql://u:hush@h/g",
  });
  const lines = [...config.list()].map((each) => each.join(" "));
  assert.ok(!lines.some((line) => line.includes("hush")));
  assert.ok(lines.includes("s s3_store_secret_key ****"));
  assert.ok(lines.includes("keystone_authtoken password ****"));
  assert.ok(lines.includes("DEFAULT limit_param_default 25"));
});

/** Upstream's names and exit codes, also of what is not implemented yet; the version (docs/reference/cli.md). */
import assert from "node:assert/strict";
import { run } from "../../src/cli/run.ts";
import { WORKERS } from "../../workers.ts";

async function shell(name: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run({
    args,
    name,
    workers: WORKERS,
    env: {},
    out: (text) => out.push(text),
    err: (text) => err.push(text),
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

const PENDING: [name: string, code: number][] = [
  ["glance-cache-cleaner", 1],
  ["glance-cache-manage", 1],
  ["glance-cache-prefetcher", 1],
  ["glance-cache-pruner", 1],
  ["glance-replicator", 1],
  ["glance-scrubber", 1],
  ["glance-status", 255],
];
for (const [name, wanted] of PENDING) {
  Deno.test(`${name} says that it is not implemented yet, with arguments and without, and fails`, async () => {
    for (
      const line of [[name], [name, "--help"], ["oneglance", name], ["oneglance", name, "upgrade", "check"]]
    ) {
      const { code, out, err } = await shell(line[0]!, ...line.slice(1));
      assert.deepEqual([code, out], [wanted, ""], line.join(" "));
      assert.match(err, new RegExp(`^ERROR: ${name} is not implemented yet`));
    }
  });
}

for (const action of ["purge", "purge_images_table", "upgrade", "version_control"]) {
  Deno.test(`glance-manage db ${action} says that it is not implemented yet, and fails`, async () => {
    const lines = [["db", action], ["db", action, "--age_in_days", "3"], [`db_${action}`]];
    for (const args of lines) {
      const { code, err } = await shell("glance-manage", ...args);
      assert.equal(code, 1);
      assert.match(err, new RegExp(`^ERROR: glance-manage db ${action} is not implemented yet`));
    }
  });
}

Deno.test("exit codes of a wrong configuration, as glance 25.1 gives them", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [wrong, good] = [`${folder}/wrong.conf`, `${folder}/good.conf`];
    await Deno.writeTextFile(wrong, "[DEFAULT]\nbind_port = x\n");
    await Deno.writeTextFile(
      good,
      `[DEFAULT]\nlog_file = ${folder}/log\nmetadata_source_path = ${folder}/metadefs\n` +
        `[database]\nconnection = sqlite:///${folder}/glance.sqlite\n`,
    );
    const codes: [wanted: number, name: string, ...args: string[]][] = [
      [1, "glance-manage", "--config-file", wrong, "db", "version"],
      [1, "oneglance", "glance-manage", "--config-file", wrong, "db", "sync"],
      [1, "glance-manage", "--config-file", `${folder}/none`, "db", "version"],
      [5, "glance-api", "--config-file", wrong],
      [5, "oneglance", "db", "version", "--config-file", wrong],
      [1, "glance-manage", "--config-file", good, "db", "load_metadefs"],
      [0, "glance-manage", "--config-file", good, "db", "version"],
      [3, "glance-manage", "--config-file", good, "db", "check"],
      [0, "glance-manage", "--config-file", good, "db", "sync"],
      // Without a folder of definitions: Glance logs an ERROR and ends with 0, our own command with 1.
      [0, "glance-manage", "--config-file", good, "db", "load_metadefs"],
      [0, "glance-manage", "--config-file", good, "db_load_metadefs"],
      [0, "glance-manage", "--config-file", good, "db", "load_metadefs", "--prefer_new"],
      [1, "oneglance", "metadefs", "load", "--config-file", good],
      [0, "glance-manage", "--config-file", good, "db", "unload_metadefs"],
      [2, "glance-manage", "--config-file", good, "db", "nonsense"],
    ];
    for (const [wanted, name, ...args] of codes) {
      const { code, err } = await shell(name, ...args);
      assert.equal(code, wanted, `${name} ${args.join(" ")}: ${err}`);
    }
    assert.match(await Deno.readTextFile(`${folder}/log`), / ERROR .*metadefs/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("--version prints the build of an executable, under every name", async () => {
  const module = new URL("../../src/util/version.ts", import.meta.url).href;
  const versionOf = async (build: string | null) => {
    const set = build === null ? "" : `globalThis.ONEGLANCE_BUILD = ${JSON.stringify(build)};`;
    const program = `import "data:text/javascript,${encodeURIComponent(set)}";
import { BUILD_VERSION } from ${JSON.stringify(module)};
console.log(BUILD_VERSION);`;
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  const version = await versionOf(null);
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.equal(await versionOf("69d6e10-dirty"), `${version}+69d6e10-dirty`);
  assert.equal(await versionOf(version), version);
  for (const [name, ...args] of [["oneglance"], ["oneglance", "serve"], ["glance-manage"], ["glance-api"]]) {
    const { code, out } = await shell(name!, ...args, "--version");
    assert.deepEqual([code, out], [0, version]);
  }
});

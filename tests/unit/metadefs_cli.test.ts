/** `oneglance metadefs` and the same under glance-manage's spellings (docs/reference/cli.md §1.2, §1.4). */
import assert from "node:assert/strict";
import { openDatabase } from "../../db/open.ts";
import { run } from "../../src/cli/run.ts";
import { CATALOGUE } from "../../src/metadefs/catalogue.ts";
import { WORKERS } from "../../workers.ts";
import { makeImage } from "../support/temp_database.ts";

interface Shell {
  folder: string;
  /** Runs a command line: its exit code, and what it printed. */
  run(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }>;
}

async function withShell(action: (shell: Shell) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/metadefs`);
    await Deno.writeTextFile(
      `${folder}/glance.conf`,
      `[DEFAULT]\nmetadata_source_path = ${folder}/metadefs\nlog_file = ${folder}/log\n` +
        `[database]\nconnection = sqlite:///${folder}/glance.sqlite\n`,
    );
    const file = (name: string, document: unknown) =>
      Deno.writeTextFile(`${folder}/metadefs/${name}.json`, JSON.stringify(document));
    await file("a", {
      namespace: "A",
      display_name: "First",
      properties: { p: { title: "P", type: "integer" } },
    });
    await file("b", { namespace: "B", display_name: "Second", tags: [{ name: "t" }] });
    const shell: Shell = {
      folder,
      run: async (...args) => {
        const [out, err]: [string[], string[]] = [[], []];
        const code = await run({
          args: [...args, "--config-file", `${folder}/glance.conf`],
          name: "oneglance",
          workers: WORKERS,
          env: {},
          out: (text) => out.push(text),
          err: (text) => err.push(text),
        });
        return { code, out, err };
      },
    };
    await shell.run("db", "sync");
    await action(shell);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namespaces({ run }: Shell): Promise<string[]> {
  const { out } = await run("metadefs", "list", "--json");
  return JSON.parse(out[0]!).map(({ namespace }: { namespace: string }) => namespace);
}

Deno.test("oneglance metadefs: load, list, export, unload", () =>
  withShell(async (shell) => {
    const { run, folder } = shell;
    const loaded = await run("metadefs", "load");
    assert.equal(loaded.code, 0);
    assert.deepEqual(loaded.out, [
      `A: inserted (${folder}/metadefs/a.json)`,
      `B: inserted (${folder}/metadefs/b.json)`,
    ]);
    assert.match((await run("metadefs", "load")).out[0]!, /^A: skipped/);
    assert.match(
      (await run("metadefs", "load", "--merge", "--overwrite", `${folder}/metadefs/a.json`)).out[0]!,
      /^A: replaced/,
    );
    assert.deepEqual((await run("metadefs", "list")).out, [
      "A  private  1 properties, 0 objects, 0 tags",
      "B  private  0 properties, 0 objects, 1 tags",
    ]);

    await Deno.mkdir(`${folder}/out`);
    const written = await run("metadefs", "export", `${folder}/out`);
    assert.deepEqual(written.out, [`${folder}/out/First.json`, `${folder}/out/Second.json`]);
    assert.equal((await run("metadefs", "export", `${folder}/none/`)).code, 1);

    assert.equal((await run("metadefs", "unload")).code, 0);
    assert.deepEqual(await namespaces(shell), []);

    await Deno.writeTextFile(`${folder}/metadefs/a.json`, "{");
    const broken = await run("metadefs", "load");
    assert.equal(broken.code, 1);
    assert.match(broken.err.join(), /a\.json: it is not JSON/);
    assert.deepEqual(await namespaces(shell), ["B"]);

    assert.equal((await run("metadefs", "load", "--shipped")).out.length, CATALOGUE.length);
  }));

Deno.test("oneglance metadefs: what it does not know", () =>
  withShell(async ({ run }) => {
    const rows = [
      ["metadefs"],
      ["metadefs", "steal"],
      ["metadefs", "load", "a", "b"],
      ["metadefs", "load", "--overwrite"],
      ["metadefs", "load", "--merge", "--prefer-new", "--overwrite"],
      ["metadefs", "load", "--shipped", "/somewhere"],
      ["metadefs", "unload", "--merge"],
      ["metadefs", "export"],
      ["metadefs", "check"],
    ];
    for (const args of rows) assert.equal((await run(...args)).code, 2, args.join(" "));
    assert.equal((await run("metadefs", "load", "/none")).code, 1);
    const help = await run("metadefs", "--help");
    assert.equal(help.code, 0);
    assert.match(help.out.join(), /--prefer-new/);
  }));

Deno.test("oneglance metadefs check: what an image says against its definitions", () =>
  withShell(async ({ run, folder }) => {
    const db = await openDatabase({
      connection: `sqlite:///${folder}/glance.sqlite`,
      writerUrl: WORKERS.dbWriter,
    });
    const properties = { os_distro: "debian", hw_cpu_cores: "two", mine: "x", os_glance_import_task: "t" };
    await makeImage(db, { id: "i1", properties, tags: [] });
    await makeImage(db, { id: "i2", properties: { hw_cpu_cores: "2" }, tags: [] });
    await db.close();
    await run("metadefs", "load", "--shipped");
    const checked = await run("metadefs", "check", "i1");
    assert.equal(checked.code, 1);
    assert.deepEqual(checked.out, [
      "known    os_distro: OS::Glance::CommonImageProperties, OS::OperatingSystem",
      "unknown  mine",
      "broken   hw_cpu_cores: 'two' is not a whole number (OS::Compute::VirtCPUTopology)",
    ]);
    const right = await run("metadefs", "check", "i2", "--json");
    assert.equal(right.code, 0);
    assert.deepEqual(JSON.parse(right.out[0]!), {
      image_id: "i2",
      known: [{ name: "hw_cpu_cores", namespaces: ["OS::Compute::VirtCPUTopology"] }],
      unknown: [],
      broken: [],
    });
    assert.equal((await run("metadefs", "check", "none")).code, 1);
  }));

Deno.test("glance-manage's spellings: quiet, and 0 whatever is wrong with files and flags", () =>
  withShell(async (shell) => {
    const { run, folder } = shell;
    const manage = (...args: string[]) => run("glance-manage", ...args);
    const expect = async (args: string[], wanted: string[], logged?: RegExp) => {
      const { code, out, err } = await manage(...args);
      assert.deepEqual([code, out, err], [0, [], []], args.join(" "));
      assert.deepEqual(await namespaces(shell), wanted, args.join(" "));
      if (logged) {
        assert.match((await Deno.readTextFile(`${folder}/log`)).trimEnd().split("\n").at(-1)!, logged);
      }
    };
    await expect(["db_load_metadefs"], ["A", "B"]);
    await expect(["db", "unload_metadefs"], []);
    await expect(["db", "load_metadefs", "--path", `${folder}/metadefs/b.json`], ["B"]);
    await expect(["db", "load_metadefs", "--merge", "--prefer_new"], ["A", "B"]);
    await expect(["db_unload_metadefs"], []);
    await expect(["db", "load_metadefs", "--overwrite"], [], /ERROR.*--merge option/);
    await expect(
      ["db", "load_metadefs", "--merge", "--prefer_new", "--overwrite"],
      [],
      /ERROR.*no more than one/,
    );
    await expect(["db", "load_metadefs", "--path", "/none"], [], /ERROR.*cannot be read/);
    await expect(["db_load_metadefs", `${folder}/metadefs`, "", "", "False"], [], /ERROR.*--merge option/);
    await expect(["db_load_metadefs", `${folder}/metadefs`, "0", "", "no"], ["A", "B"]);
    await Deno.mkdir(`${folder}/out`);
    await expect(["db", "export_metadefs", "--path", `${folder}/out/`], ["A", "B"]);
    await expect(["db_export_metadefs", `${folder}/out/x`], ["A", "B"]);
    const written = Array.from(Deno.readDirSync(`${folder}/out`), ({ name }) => name).toSorted();
    assert.deepEqual(written, ["First.json", "Second.json", "xFirst.json", "xSecond.json"]);
    await Deno.writeTextFile(`${folder}/metadefs/a.json`, "{");
    await expect(["db_load_metadefs", `${folder}/metadefs/a.json`], ["A", "B"], /ERROR.*not JSON/);

    assert.equal((await manage("db", "load_metadefs", "/positional")).code, 2);
    assert.equal((await manage("db_load_metadefs", "1", "2", "3", "4", "5")).code, 2);
    assert.equal((await manage("db", "unload_metadefs", "--path", "x")).code, 2);
    const listed = await manage("db");
    assert.equal(listed.code, 2);
    assert.match(listed.out.join(), /\tload_metadefs +\w/);
  }));

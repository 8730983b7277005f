/** A database that goes back to an older Glance: its own tool must go on from there, and read what it holds. */
import assert from "node:assert/strict";
import { isPresent } from "../../db/engines/open_file.ts";
import { openDatabase } from "../../db/open.ts";
import { run } from "../../src/cli/run.ts";
import { WORKERS } from "../../workers.ts";
import { execOn, rowsOf } from "../support/raw_database.ts";
import { upstreamManage } from "../support/upstream_database.ts";

const IMAGE = "71c675ab-d94f-49cd-a114-e12490b328d9";
const TASK = "8b3a1d54-0c57-4c0e-9a3d-8f6f4b1f4b0f";

interface Shell {
  folder: string;
  file: string;
  run(...args: string[]): Promise<[code: number, text: string]>;
}

/** A database with an image and the ended task of its location; `lease`: a task that has not ended as well. */
async function withDatabase(use: (shell: Shell) => Promise<void>, { lease = false } = {}): Promise<void> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/glance.sqlite`;
  try {
    await Deno.writeTextFile(`${folder}/glance.conf`, `[database]\nconnection = sqlite:///${file}\n`);
    const shell = async (...args: string[]): Promise<[number, string]> => {
      const lines: string[] = [];
      const say = (text: string) => lines.push(text);
      const given = ["db", ...args, "--config-file", `${folder}/glance.conf`];
      const code = await run({
        args: given,
        name: "oneglance",
        workers: WORKERS,
        env: {},
        out: say,
        err: say,
      });
      return [code, lines.join("\n")];
    };
    assert.equal((await shell("sync"))[0], 0);
    const now = "2026-01-01 00:00:00.000000";
    execOn(
      file,
      `INSERT INTO images (id, status, created_at, updated_at, deleted, min_disk, min_ram, protected,
      visibility, os_hidden) VALUES ('${IMAGE}', 'active', '${now}', '${now}', 0, 0, 0, 0, 'shared', 0)`,
    );
    execOn(
      file,
      `INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted, image_id)
      VALUES ('${TASK}', 'location_import', 'success', 'p1', '${now}', '${now}', 0, '${IMAGE}')`,
    );
    execOn(file, `INSERT INTO task_info (task_id, input) VALUES ('${TASK}', '{"image_id":"${IMAGE}"}')`);
    if (lease) {
      execOn(
        file,
        `INSERT INTO oneglance_tasks (task_id, image_id, token, owner, expires_at, attempts, caller, step,
        bytes) VALUES ('${TASK}', '${IMAGE}', 't', 'o', '${now}', 1, '{}', 'pending', 0)`,
      );
    }
    await use({ folder, file, run: shell });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const tables = (file: string) =>
  rowsOf(file, "SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => name);
const typeOf = (file: string) => rowsOf(file, `SELECT type FROM tasks WHERE id = '${TASK}'`)[0]!.type;
const revision = (file: string) =>
  rowsOf(file, "SELECT version_num FROM alembic_version").map(Object.values).flat();

Deno.test("hand-back to each release: its revision, and only what it reads", async (t) => {
  const rows: [release: string, revision: string, type: string, cache: boolean, imageId: boolean][] = [
    ["33.0.0", "2024_1_contract01", "location_import", true, true],
    ["29", "2024_1_contract01", "location_import", true, true],
    ["28.1.0", "2024_1_contract01", "api_image_import", true, true],
    ["27.0.0", "2023_1_contract01", "api_image_import", false, true],
    ["26.0.0", "2023_1_contract01", "api_image_import", false, true],
    ["25.1.0", "wallaby_contract01", "api_image_import", false, true],
    ["22.1.1", "wallaby_contract01", "api_image_import", false, true],
    ["21.1.0", "ussuri_contract01", "api_image_import", false, false],
    ["19", "train_contract01", "api_image_import", false, false],
  ];
  for (const [release, wanted, type, cache, imageId] of rows) {
    await t.step(release, () =>
      withDatabase(async ({ run, file }) => {
        const [code, text] = await run("hand-back", release);
        assert.equal(code, 0, text);
        assert.deepEqual([revision(file), typeOf(file)], [[wanted], type]);
        assert.equal(tables(file).includes("node_reference"), cache);
        assert.equal(tables(file).includes("cached_images"), cache);
        const columns = rowsOf(file, "SELECT name FROM pragma_table_info('tasks')").map(({ name }) => name);
        assert.equal(columns.includes("image_id"), imageId);
        // And back again.
        assert.equal((await run("sync"))[0], 0);
        // Its tables have all that oneglance uses, or get it with the head's revision.
        assert.deepEqual(await run("version"), [0, imageId ? wanted : "2024_1_contract01"]);
        const db = await openDatabase({
          connection: `sqlite:///${file}`,
          writerUrl: WORKERS.dbWriter,
          force: false,
          sync: "require",
        });
        try {
          assert.equal((await db.read.tasks.show({ id: TASK }))?.status, "success");
          const viewer = { isAdmin: true, projectId: null };
          assert.equal((await db.read.images.show({ id: IMAGE, viewer }))?.status, "active");
        } finally {
          await db.close();
        }
      }));
  }
});

Deno.test("what is not handed back", async (t) => {
  await t.step("work that only oneglance can finish", () =>
    withDatabase(async ({ run, file }) => {
      const [code, text] = await run("hand-back", "25");
      assert.equal(code, 1);
      assert.match(text, /only oneglance can finish: 1 tasks\. Start it once more/);
      assert.equal(typeOf(file), "location_import");
    }, { lease: true }));
  await t.step("to a release before Train", () =>
    withDatabase(async ({ run, file }) => {
      const [code, text] = await run("hand-back", "18.0.0");
      assert.equal(code, 1);
      assert.match(text, /from 19 \(Train\) on/);
      assert.deepEqual(revision(file), ["2024_1_contract01"]);
    }));
  await t.step("a second time", () =>
    withDatabase(async ({ run }) => {
      await run("hand-back", "25");
      const [code, text] = await run("hand-back", "25");
      assert.equal(code, 1);
      assert.match(text, /nothing is to be handed back/);
    }));
  await t.step("without a version, or to none", () =>
    withDatabase(async ({ run }) => {
      for (const args of [[], ["zed"], ["25", "x"]]) {
        assert.equal((await run("hand-back", ...args))[0], 2, args.join(" "));
      }
    }));
});

/** Prints the type of a task as Glance's own repository of tasks reads it. */
const READ_TASK = `
import sys
from oslo_config import cfg
from glance.common import config  # noqa
import glance.context, glance.db, glance.db.sqlalchemy.api as api
cfg.CONF(["--config-file", sys.argv[1]], project="glance")
context = glance.context.RequestContext(is_admin=True)
print(glance.db.TaskRepo(context, api).get(sys.argv[2]).type)
`;

const ignore = !isPresent("/usr/bin/glance-manage");

Deno.test("Glance 25.1 of Debian: its db sync, and the task", { ignore }, async () => {
  await withDatabase(async ({ run, folder, file }) => {
    const before = await upstreamManage(folder, file, "sync");
    assert.notEqual(before!.code, 0, "the revision is unknown to it until then");
    assert.equal((await run("hand-back", "25.1.0"))[0], 0);
    const after = await upstreamManage(folder, file, "sync");
    assert.equal(after!.code, 0, after!.stdout);
    const check = await upstreamManage(folder, file, "check");
    assert.equal(check!.code, 0, check!.stdout);
    const { code, stdout, stderr } = await new Deno.Command("/usr/bin/python3", {
      args: ["-c", READ_TASK, `${folder}/glance.conf`, TASK],
      stdout: "piped",
      stderr: "piped",
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(new TextDecoder().decode(stdout).trim(), "api_image_import");
  });
});

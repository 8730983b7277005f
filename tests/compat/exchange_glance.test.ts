/**
 * Glance and oneglance on one MariaDB when one of them stops, dies, or makes room for the other; and Glance's own
 * commands on that database.
 */
import assert from "node:assert/strict";
import { MARIADB_COMMANDS } from "../engines/mariadb.ts";
import { missing } from "../support/installed.ts";
import { filesIn, until } from "../support/served.ts";
import {
  ask,
  becomes,
  create,
  DATA,
  dataServer,
  downloads,
  IMPORT,
  SET,
  shown,
  slowBody,
} from "./support/beside.ts";
import { type Fleet, type Node, startFleet } from "./support/fleet.ts";
import { GLANCE_COMMANDS, glanceManage } from "./support/glance.ts";
import { newDatabase, type SharedDatabase } from "./support/mariadb.ts";
import { oneglance } from "./support/oneglance.ts";
import { must } from "./support/processes.ts";

const ignore = missing(...MARIADB_COMMANDS, ...GLANCE_COMMANDS, "glance-scrubber", "haproxy");
const [GLANCE, OURS] = [0, 1];
const DAYS = 200;

interface Cloud {
  fleet: Fleet;
  database: SharedDatabase;
}

/** Glance on the first node, oneglance on the second. */
async function withCloud(use: (cloud: Cloud) => Promise<void>, more: Record<string, string> = {}) {
  await using database = await newDatabase();
  const fleet = await startFleet(["glance", "oneglance"], {
    connection: database.connection,
    selfReference: false,
    set: { ...SET, DEFAULT: { ...SET.DEFAULT, ...more } },
  });
  try {
    await use({ fleet, database });
  } finally {
    await fleet.stop();
  }
}

async function restart(fleet: Fleet, index: number): Promise<void> {
  const { program } = fleet.nodes[index]!;
  await fleet.halt(index);
  await fleet.start(index, program);
}

/** What an operator does about what a dead Glance left. */
async function putBack({ config }: Node, id: string): Promise<void> {
  const { name, args } = oneglance(["stuck", "--put-back", id, "--age", "0", "--config-file", config]);
  await must(name, args);
}

/** An upload whose second half comes when `finish` is called; `ended` resolves to its status, 0 when it was cut off. */
async function beginUpload(fleet: Fleet, index: number) {
  const node = fleet.nodes[index]!;
  const id = await create(node);
  const { body, finish } = slowBody(DATA.subarray(0, 100_000), DATA.subarray(100_000));
  const ended = ask(node, `PUT /v2/images/${id}/file`, { body }).then(({ status }) => status, () => 0);
  await until("saving", async () => (await ask(node, `GET /v2/images/${id}`)).json.status === "saving");
  return { id, finish, ended };
}

Deno.test(
  { name: "Glance beside oneglance: one stops or dies, and the other's work goes on", ignore },
  async (t) => {
    await withCloud(async ({ fleet, database }) => {
      const web = dataServer(DATA);
      const both = () => fleet.nodes;
      try {
        for (const [at, other] of [[GLANCE, OURS], [OURS, GLANCE]] as const) {
          const { program } = fleet.nodes[at]!;
          await t.step(
            `${program} uploads while the other starts anew and is killed: nobody takes the upload`,
            async () => {
              const { id, finish, ended } = await beginUpload(fleet, at);
              await restart(fleet, other);
              await fleet.kill(other);
              await fleet.start(other, fleet.nodes[other]!.program);
              assert.equal((await shown(both(), id)).status, "saving");
              finish();
              assert.equal(await ended, 204);
              assert.equal((await shown(both(), id)).status, "active");
              for (const node of both()) await downloads(node, id);
            },
          );

          await t.step(
            program === "glance"
              ? "glance is killed in an import: refused until it is put back, then oneglance imports"
              : "oneglance is killed in an import: refused until it has started again and completed it",
            async () => {
              const id = await create(fleet.nodes[at]!);
              const importing = `POST /v2/images/${id}/import`;
              const slow = { method: { name: "web-download", uri: `${web.url}/slow` }, ...IMPORT };
              const before = web.waiting();
              await ask(fleet.nodes[at]!, importing, { body: slow, expected: 202 });
              await until("importing", async () => (await shown(both(), id)).status === "importing");
              await until("the download has begun", () => web.waiting() === before + 1);
              await fleet.kill(at);
              const quick = { method: { name: "web-download", uri: `${web.url}/data` }, ...IMPORT };
              await ask(fleet.nodes[other]!, importing, { body: quick, expected: 409 });
              await fleet.start(at, program);
              if (program === "glance") {
                assert.equal((await shown(both(), id)).status, "importing");
                await putBack(fleet.nodes[OURS]!, id);
                await becomes(fleet.nodes[other]!, id, "queued");
                await ask(fleet.nodes[other]!, importing, { body: quick, expected: 202 });
              } else {
                // Its own it goes on with, when the lease of the dead process has ended: it downloads anew.
                await until("the second download", () => web.waiting() === before + 2, 60);
                while (web.waiting() > 0) await web.finish();
              }
              await becomes(fleet.nodes[other]!, id, "active");
              assert.equal((await shown(both(), id)).status, "active");
              for (const node of both()) await downloads(node, id);
              const tasks = await database.sql(
                "SELECT status FROM tasks WHERE image_id = ? ORDER BY status",
                [id],
              );
              assert.deepEqual(
                tasks.map(({ status }) => status),
                program === "glance" ? ["failure", "success"] : ["success"],
              );
            },
          );
        }

        await t.step(
          "oneglance is killed in an upload: it puts the image back, and Glance takes the data",
          async () => {
            const { id, finish, ended } = await beginUpload(fleet, OURS);
            await fleet.kill(OURS);
            finish();
            assert.equal(await ended, 0);
            await restart(fleet, GLANCE);
            assert.equal((await ask(fleet.nodes[GLANCE]!, `GET /v2/images/${id}`)).json.status, "saving");
            await fleet.start(OURS, "oneglance");
            await becomes(fleet.nodes[GLANCE]!, id, "queued");
            assert.deepEqual(filesIn(`${fleet.folder}/first`).filter((name) => name.includes(id)), []);
            await ask(fleet.nodes[GLANCE]!, `PUT /v2/images/${id}/file`, { body: DATA, expected: 204 });
            for (const node of both()) await downloads(node, id);
          },
        );

        await t.step(
          "Glance is killed in an upload: oneglance lists it as stuck, and puts it back when told to",
          async () => {
            const { id, finish, ended } = await beginUpload(fleet, GLANCE);
            await fleet.kill(GLANCE);
            finish();
            assert.equal(await ended, 0);
            await restart(fleet, OURS);
            assert.equal((await ask(fleet.nodes[OURS]!, `GET /v2/images/${id}`)).json.status, "saving");
            await putBack(fleet.nodes[OURS]!, id);
            assert.deepEqual(filesIn(`${fleet.folder}/first`).filter((name) => name.includes(id)), []);
            await ask(fleet.nodes[OURS]!, `PUT /v2/images/${id}/file`, { body: DATA, expected: 204 });
            await fleet.start(GLANCE, "glance");
            for (const node of both()) await downloads(node, id);
          },
        );
      } finally {
        await web.stop();
      }
    });
  },
);

Deno.test(
  { name: "Glance's scrubber, purge and db commands on the database that both use", ignore },
  async (t) => {
    await withCloud(async ({ fleet, database }) => {
      const [glance, ours] = fleet.nodes as [Fleet["nodes"][0], Fleet["nodes"][0]];
      const manage = (...args: string[]) => glanceManage(glance.config, ...args);
      const kept: string[] = [];
      const deleted: string[] = [];

      await t.step("glance-scrubber removes what either has marked", async () => {
        for (const node of fleet.nodes) {
          const more = { os_type: "linux", tags: ["old"], visibility: "shared" };
          for (const list of [kept, deleted]) {
            const id = await create(node, more);
            list.push(id);
            await ask(node, `PUT /v2/images/${id}/file`, { body: DATA });
            await ask(node, `POST /v2/images/${id}/members`, { body: { member: "p2" } });
          }
          await ask(node, `DELETE /v2/images/${deleted.at(-1)}`, { expected: 204 });
        }
        const files = () => filesIn(`${fleet.folder}/first`).sort();
        const states = () => database.sql("SELECT status FROM images WHERE deleted = 1");
        assert.deepEqual(files(), [...kept, ...deleted].sort(), "the data waits for the scrubber");
        assert.deepEqual(await states(), deleted.map(() => ({ status: "pending_delete" })));
        await must("glance-scrubber", ["--config-file", glance.config], {
          env: { PYTHONDONTWRITEBYTECODE: "1" },
        });
        assert.deepEqual(files(), kept.toSorted());
        assert.deepEqual(await states(), deleted.map(() => ({ status: "deleted" })));
        for (const node of fleet.nodes) {
          for (const id of kept) await downloads(node, id);
          for (const id of deleted) await ask(node, `GET /v2/images/${id}`, { expected: 404 });
        }
      });

      await t.step("glance-manage db purge and purge_images_table remove the rows of both", async () => {
        const tables = ["images", "image_properties", "image_tags", "image_members", "image_locations"];
        const gone = async () => {
          const counts = tables.map((table) =>
            `(SELECT count(*) FROM ${table} WHERE deleted = 1) AS ${table}`
          );
          return Object.values((await database.sql(`SELECT ${counts.join(", ")}`))[0]!);
        };
        assert.ok((await gone()).every((count) => Number(count) > 0));
        for (const table of tables) {
          await database.sql(
            `UPDATE ${table} SET deleted_at = deleted_at - INTERVAL ${DAYS} DAY WHERE deleted = 1`,
          );
        }
        await manage("db", "purge", "--age_in_days", "30", "--max_rows", "1000");
        await manage("db", "purge_images_table", "--age_in_days", "180", "--max_rows", "1000");
        assert.deepEqual(await gone(), [0, 0, 0, 0, 0]);
        // The ids are free again, at both.
        for (const [index, node] of fleet.nodes.entries()) {
          await create(node, { id: deleted[index] });
          await shown(fleet.nodes, deleted[index]!);
          for (const id of kept) await downloads(node, id);
        }
      });

      await t.step(
        "glance-manage db sync, expand, migrate, contract, check: nothing to do, before and after",
        async () => {
          const sync = oneglance(["db", "sync", "--config-file", ours.config]);
          for (let round = 0; round < 2; round++) {
            for (const action of ["sync", "expand", "migrate", "contract"]) {
              assert.match(await manage("db", action), /Database is up to date\. No migrations needed\./);
            }
            assert.match(await manage("db", "check"), /Database is up to date\. No upgrades needed\./);
            assert.match(await must(sync.name, sync.args), /Database is up to date\. No migrations needed\./);
          }
        },
      );
    }, { delayed_delete: "true", scrub_time: "0" });
  },
);

Deno.test(
  { name: "an exchange, node by node, and back: the same images all the time", ignore },
  async (t) => {
    await using database = await newDatabase();
    const fleet = await startFleet(["glance", "glance"], {
      connection: database.connection,
      selfReference: false,
      set: SET,
    });
    try {
      const ids: string[] = [];
      const filled = async (program: string) => {
        for (const node of fleet.nodes.filter((each) => each.program === program)) {
          const id = await create(node, {
            name: `by ${program}`,
            visibility: "community",
            os_type: "linux",
            tags: ["a"],
          });
          await ask(node, `PUT /v2/images/${id}/file`, { body: DATA });
          ids.push(id);
        }
      };
      /** What is known so far is there at every node and through HAProxy. */
      const whole = async () => {
        for (const id of ids) await shown([...fleet.nodes, { ...fleet.nodes[0]!, url: fleet.url }], id);
        for (let turn = 0; turn < 2; turn++) {
          const { images } =
            (await ask(fleet, "GET /v2/images?visibility=community&sort=created_at:asc,id:asc")).json;
          assert.deepEqual(images.map(({ id }: { id: string }) => id).sort(), ids.toSorted());
          for (const id of ids) await downloads(fleet, id);
        }
      };
      await filled("glance");
      await whole();
      const before = await Promise.all(ids.map(async (id) => await shown(fleet.nodes, id)));
      for (const program of ["oneglance", "glance"] as const) {
        for (const index of fleet.nodes.keys()) {
          await t.step(`node ${index} gets ${program}`, async () => {
            await fleet.halt(index);
            // The other one serves alone.
            for (let turn = 0; turn < 4; turn++) await ask(fleet, "GET /v2/images");
            await fleet.start(index, program);
            await filled(program);
            await whole();
          });
        }
      }
      assert.deepEqual(await Promise.all(before.map(({ id }) => shown(fleet.nodes, id))), before);
      for (const id of ids) await ask(fleet, `DELETE /v2/images/${id}`, { expected: 204 });
      assert.deepEqual(filesIn(`${fleet.folder}/first`), []);
    } finally {
      await fleet.stop();
    }
  },
);

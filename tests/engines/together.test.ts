/** Several processes on one SQLite file, on one MariaDB, and on a Galera cluster, each writing to another node. */
import { missing } from "../support/installed.ts";
import { MARIADB_COMMANDS, missingGalera, startMariadb } from "./mariadb.ts";
import { CHECKS, startTogether } from "./together.ts";

async function check(t: Deno.TestContext, dir: string, connections: readonly string[]): Promise<void> {
  await using together = await startTogether(dir, connections);
  for (const [name, holds] of Object.entries(CHECKS)) await t.step(name, () => holds(together));
}

async function inFolder(action: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance_together_" });
  try {
    await action(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("two processes on one SQLite file", (t) =>
  inFolder((dir) => check(t, dir, Array(2).fill(`sqlite:///${dir}/glance.sqlite`))));

for (const processes of [2, 3]) {
  Deno.test({
    name: `${processes} processes on one MariaDB`,
    ignore: missing(...MARIADB_COMMANDS),
    fn: (t) =>
      inFolder(async (dir) => {
        await using server = await startMariadb();
        await server.createDatabase("glance");
        await check(t, dir, Array(processes).fill(`${server.urls[0]}glance`));
      }),
  });
}

Deno.test({
  name: "three processes on the nodes of a Galera cluster",
  ignore: missing(...MARIADB_COMMANDS) || missingGalera(),
  fn: (t) =>
    inFolder(async (dir) => {
      await using cluster = await startMariadb(3);
      await cluster.createDatabase("glance");
      await check(t, dir, cluster.urls.map((url) => `${url}glance`));
    }),
});

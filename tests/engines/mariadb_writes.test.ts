/** Transactions on a real MariaDB: conflicts, lost connections, and commits whose answer was lost. */
import assert from "node:assert/strict";
import type { WriteConn } from "../../db/conn.ts";
import { PLAIN } from "../../db/conn_settings.ts";
import type { MariadbTarget } from "../../db/connection_mariadb.ts";
import { parseConnection } from "../../db/connection.ts";
import { MARIADB_DEFAULTS, withMariadb } from "../../db/engines/mariadb.ts";
import { Pool, type PoolSettings } from "../../db/engines/mariadb_pool.ts";
import { Session } from "../../db/engines/mariadb_session.ts";
import { Transactions } from "../../db/engines/mariadb_transaction.ts";
import { isError } from "../../src/errors.ts";
import { missing } from "../support/installed.ts";
import { recordLog } from "../support/logged.ts";
import { MARIADB_COMMANDS, missingGalera, startMariadb } from "./mariadb.ts";
import { startWireCutter } from "./wire_cutter.ts";

const TABLES = [
  "CREATE DATABASE IF NOT EXISTS glance",
  "CREATE TABLE IF NOT EXISTS glance.counters (name VARCHAR(36) PRIMARY KEY, n INTEGER NOT NULL)",
  "CREATE TABLE IF NOT EXISTS glance.done (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(36) NOT NULL)",
  `CREATE TABLE IF NOT EXISTS glance.oneglance_commits (mark VARCHAR(36) PRIMARY KEY, is_void INTEGER NOT NULL,
    made_at DATETIME(6) NOT NULL)`,
  "CREATE TABLE IF NOT EXISTS glance.oneglance_guards (slot INTEGER PRIMARY KEY, turn BIGINT NOT NULL)",
  "REPLACE INTO glance.counters VALUES ('a', 0), ('b', 0)",
];

function target(port: number, database = "glance"): MariadbTarget {
  const parsed = parseConnection(`mysql+pymysql://root@127.0.0.1:${port}/${database}`);
  if (parsed.kind !== "mariadb") throw new Error("not the URL of a MariaDB");
  return parsed;
}

async function prepare(port: number): Promise<void> {
  await withMariadb(target(port, "mysql"), async (conn) => {
    for (const statement of TABLES) await conn.run(statement);
  });
}

interface Process extends Disposable {
  writes: Transactions;
  pool: Pool;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

function openProcess(port: number, settings: Partial<PoolSettings> = {}): Process {
  const { session, retry } = MARIADB_DEFAULTS;
  const pool = new Pool(() => Session.open(target(port), session), { ...MARIADB_DEFAULTS.pool, ...settings });
  return {
    pool,
    writes: new Transactions(pool, retry, PLAIN, 20_000),
    rows: (sql) => pool.use((on) => on.rows(sql)),
    [Symbol.dispose]: () => pool.close(),
  };
}

/** Reads, decides, writes: what is wrong when another does it at the same time. */
async function increment(conn: WriteConn): Promise<number> {
  await conn.guard?.("counter a");
  const n = Number((await conn.one("SELECT n FROM counters WHERE name = 'a'"))?.n);
  await conn.run("UPDATE counters SET n = ? WHERE name = 'a'", [n + 1]);
  await conn.run("INSERT INTO done (name) VALUES ('a')");
  return n + 1;
}

async function counted({ rows }: Process): Promise<[counter: number, done: number]> {
  const [row] = await rows(
    "SELECT (SELECT n FROM counters WHERE name = 'a') AS n, (SELECT count(*) FROM done) AS d",
  );
  return [Number(row?.n), Number(row?.d)];
}

const times = <T>(count: number, action: (at: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, at) => action(at)));

Deno.test({
  name: "transactions on one MariaDB",
  ignore: missing(...MARIADB_COMMANDS),
  async fn(t) {
    using _ = recordLog("CRITICAL");
    await using server = await startMariadb();
    const [port] = server.ports as [number];
    const fresh = async () => {
      await prepare(port);
      await withMariadb(target(port), (conn) => Promise.resolve(conn.run("DELETE FROM done")));
    };

    await t.step("40 writers of two processes that read and then decide lose nothing", async () => {
      await fresh();
      using one = openProcess(port);
      using other = openProcess(port);
      await times(40, (at) => (at % 2 ? one : other).writes.run(increment));
      assert.deepEqual(await counted(one), [40, 40]);
    });

    await t.step("a deadlock is repeated as a whole", async () => {
      await fresh();
      using one = openProcess(port);
      let runs = 0;
      const crosswise = (first: string, second: string) => async (conn: WriteConn) => {
        runs++;
        await conn.run("UPDATE counters SET n = n + 1 WHERE name = ?", [first]);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await conn.run("UPDATE counters SET n = n + 1 WHERE name = ?", [second]);
      };
      await Promise.all([one.writes.run(crosswise("a", "b")), one.writes.run(crosswise("b", "a"))]);
      assert.deepEqual((await one.rows("SELECT n FROM counters ORDER BY name")).map(({ n }) => n), [2, 2]);
      assert.ok(runs > 2);
    });

    for (const lose of ["commit", "answer"] as const) {
      await t.step(`a COMMIT of which the ${lose} is lost is done once`, async () => {
        await fresh();
        using cutter = startWireCutter(port);
        using one = openProcess(cutter.port);
        await one.writes.run(increment);
        cutter.lose = lose;
        assert.equal((await one.writes.run(increment)).result, 2);
        assert.equal(cutter.lost, 1);
        assert.deepEqual(await counted(one), [2, 2]);
      });
    }

    await t.step("a COMMIT that reaches the server after it was given up changes nothing", async () => {
      await fresh();
      using cutter = startWireCutter(port);
      using one = openProcess(cutter.port);
      await one.writes.run(increment);
      cutter.lose = "commit";
      cutter.lateMillis = 300;
      assert.equal(
        (await one.writes.run(async (conn) => {
          // Nothing that another would wait for, so that the mark alone decides.
          await conn.run("INSERT INTO done (name) VALUES ('late')");
          return 1;
        })).result,
        1,
      );
      await new Promise((resolve) => setTimeout(resolve, 600));
      assert.deepEqual(await counted(one), [1, 2]);
    });

    await t.step("a connection that is lost before COMMIT", async () => {
      await fresh();
      using cutter = startWireCutter(port);
      using one = openProcess(cutter.port);
      let cuts = 0;
      const { result } = await one.writes.run(async (conn) => {
        const n = await increment(conn);
        if (cuts++ === 0) cutter.cut();
        await conn.one("SELECT 1 AS x FROM counters LIMIT 1");
        return n;
      });
      assert.equal(result, 1);
      assert.equal(cuts, 2);
      assert.deepEqual(await counted(one), [1, 1]);
    });

    await t.step("a connection that the server ended while idle", async () => {
      await fresh();
      using one = openProcess(port);
      const [row] = await one.rows("SELECT connection_id() AS id");
      await withMariadb(target(port), (conn) => Promise.resolve(conn.run(`KILL ${Number(row?.id)}`)));
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.deepEqual(await counted(one), [0, 0]);
    });

    await t.step("an error of the write itself leaves nothing", async () => {
      await fresh();
      using one = openProcess(port);
      const failing = one.writes.run(async (conn) => {
        await increment(conn);
        throw new TypeError("of ours");
      });
      await assert.rejects(failing, /of ours/);
      const wrong = one.writes.run(async (conn) => {
        await increment(conn);
        await conn.run("UPDATE nowhere SET n = 1");
      });
      await assert.rejects(wrong, (error) => isError(error, "database") && error.message.includes("1146"));
      assert.deepEqual(await counted(one), [0, 0]);
    });

    await t.step("the pool: waits for a connection, then says that there is none", async () => {
      using one = openProcess(port, { size: 1, overflow: 1, waitSeconds: 1 });
      const slow = () => one.rows("SELECT sleep(1.5) AS s");
      const held = [slow(), slow()];
      await assert.rejects(one.rows("SELECT 1 AS x FROM counters"), (error) => isError(error, "unavailable"));
      await Promise.all(held);
      assert.equal((await one.rows("SELECT 1 AS x")).length, 1);
    });

    await t.step("an answer that does not come in time is given up", async () => {
      await fresh();
      const late = { ...target(port), readSeconds: 1 };
      const pool = new Pool(() => Session.open(late, MARIADB_DEFAULTS.session), MARIADB_DEFAULTS.pool);
      try {
        await assert.rejects(pool.use((on) => on.rows("SELECT sleep(20) AS s")), /did not answer in time/);
        assert.equal((await pool.use((on) => on.rows("SELECT 1 AS x"))).length, 1);
      } finally {
        pool.close();
      }
    });

    await t.step(
      "a connection is replaced at its age, and one above the pool's size is closed after use",
      async () => {
        const id = ({ rows }: Process) => rows("SELECT connection_id() AS id").then(([row]) => row!.id);
        using young = openProcess(port, { recycleSeconds: 3600 });
        assert.equal(await id(young), await id(young));
        using old = openProcess(port, { recycleSeconds: 0 });
        assert.notEqual(await id(old), await id(old));
        using small = openProcess(port, { size: 1, overflow: 5 });
        await times(4, () => small.rows("SELECT sleep(0.2) AS s"));
        const ids = await times(1, () => id(small));
        assert.deepEqual(await times(1, () => id(small)), ids);
      },
    );

    await t.step("a server that is away at start is tried again, so often", async () => {
      using cutter = startWireCutter(port);
      cutter.refusing = true;
      const open = (attempts: number) =>
        withMariadb(target(cutter.port), (conn) => Promise.resolve(conn.one("SELECT 1 AS x")), {
          ...MARIADB_DEFAULTS,
          start: { attempts, seconds: 0.05 },
        });
      await assert.rejects(open(3), (error) => isError(error, "unavailable"));
      setTimeout(() => cutter.refusing = false, 200);
      assert.deepEqual({ ...await open(-1) }, { x: 1 });
    });

    await t.step("marks do not pile up", async () => {
      await fresh();
      using one = openProcess(port, { size: 1, overflow: 0 });
      await withMariadb(target(port), (conn) => Promise.resolve(conn.run("DELETE FROM oneglance_commits")));
      for (let n = 0; n < 20; n++) await one.writes.run(increment);
      assert.equal((await one.rows("SELECT mark FROM oneglance_commits")).length, 1);
    });

    await t.step("killed and started again: 503, then on without a restart", async () => {
      await fresh();
      using one = openProcess(port);
      await one.writes.run(increment);
      await server.kill();
      const reading = withMariadb(target(port), (conn) => Promise.resolve(conn.one("SELECT 1 AS x")), {
        ...MARIADB_DEFAULTS,
        start: { attempts: 1, seconds: 0 },
      });
      await assert.rejects(reading, (error) => isError(error, "unavailable"));
      const writing = one.writes.run(increment);
      await server.start();
      await writing;
      assert.deepEqual(await counted(one), [2, 2]);
    });
  },
});

Deno.test({
  name: "transactions on three nodes of Galera",
  ignore: missing(...MARIADB_COMMANDS) || missingGalera(),
  async fn(t) {
    using _ = recordLog("CRITICAL");
    await using cluster = await startMariadb(3);
    await prepare(cluster.ports[0]!);

    await t.step("60 writers on three nodes that read and then decide lose nothing", async () => {
      const nodes = cluster.ports.map((port) => openProcess(port));
      await times(60, (at) => nodes[at % 3]!.writes.run(increment));
      const { session } = MARIADB_DEFAULTS;
      using looker = new class {
        readonly pool = new Pool(
          () => Session.open(target(cluster.ports[1]!), { ...session, wsrepSyncWait: 1 }),
          MARIADB_DEFAULTS.pool,
        );
        [Symbol.dispose]() {
          this.pool.close();
        }
      }();
      const rows = (sql: string) => looker.pool.use((on) => on.rows(sql));
      assert.deepEqual(await counted({ rows } as Process), [60, 60]);
      for (const node of nodes) node[Symbol.dispose]();
    });

    await t.step("an answer that is lost on one node is settled there and once", async () => {
      using cutter = startWireCutter(cluster.ports[0]!);
      using one = openProcess(cutter.port);
      const [before] = await counted(one);
      cutter.lose = "answer";
      assert.equal((await one.writes.run(increment)).result, before + 1);
      assert.equal((await counted(one))[0], before + 1);
    });
  },
});

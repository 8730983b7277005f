/** MariaDB servers and Galera clusters of a test's own on loopback. Needs Debian's mariadb-server; galera-4 and rsync. */
import { createConnection } from "mysql2/promise";
import { must } from "../compat/support/processes.ts";
import { missing } from "../support/installed.ts";

const SCRIPT = new URL("mariadb.sh", import.meta.url).pathname;

/** What a server needs of the machine, for `missing(…)`. */
export const MARIADB_COMMANDS = ["mariadbd", "mariadb-install-db", "mariadb", "setsid"] as const;

/** Whether a cluster cannot be started here. */
export function missingGalera(): boolean {
  if (missing("rsync")) return true;
  try {
    return !Deno.statSync("/usr/lib/galera/libgalera_smm.so").isFile;
  } catch {
    return true;
  }
}

export interface Mariadb extends AsyncDisposable {
  /** Of each node, for a user who may do everything: `mysql://root@127.0.0.1:PORT/`. */
  urls: string[];
  ports: number[];
  /** Runs a statement at a node, from 0, and gives its rows. */
  query(sql: string, node?: number): Promise<Record<string, unknown>[]>;
  createDatabase(name: string): Promise<void>;
  /** SIGKILL to a node, from 0. */
  kill(node?: number): Promise<void>;
  /** Starts a node again: a single server on its data, one of a cluster by joining the others. */
  start(node?: number): Promise<void>;
  /** Starts the whole anew on its data, with all nodes down. */
  restart(): Promise<void>;
  /** Ends a node by TERM, or all. */
  stop(): Promise<void>;
}

/** The first of `count` ports in a row that nobody listens on. */
function freePorts(count: number): number {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const listeners: Deno.Listener[] = [];
    try {
      for (let at = 0; at < count; at++) {
        listeners.push(Deno.listen({ hostname: "127.0.0.1", port: first + at }));
      }
      return first;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    } finally {
      for (const listener of listeners) listener.close();
    }
  }
  throw new Error(`no ${count} ports in a row are free`);
}

/** Starts one server, or a cluster of `nodes`, with more lines for its my.cnf. Data is in memory where the machine has /dev/shm. */
export async function startMariadb(nodes = 1, settings: readonly string[] = []): Promise<Mariadb> {
  const dir = Deno.statSync("/dev/shm").isDirectory ? "/dev/shm" : undefined;
  const work = await Deno.makeTempDir({ dir, prefix: "oneglance_mariadb_" });
  const first = freePorts(10 * nodes);
  const env = { SETTINGS: settings.join("\n") };
  const run = async (verb: string, ...more: string[]) =>
    void await must(SCRIPT, [verb, work, ...more], { env });
  const start = () => run("start", String(first), String(nodes));
  try {
    await start();
  } catch (error) {
    await run("wipe");
    throw error;
  }
  const ports = Array.from({ length: nodes }, (_, at) => first + 10 * at);
  const urls = ports.map((port) => `mysql://root@127.0.0.1:${port}/`);
  const query: Mariadb["query"] = async (sql, node = 0) => {
    const connection = await createConnection(urls[node]!);
    try {
      return (await connection.query(sql))[0] as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };
  return {
    ports,
    urls,
    query,
    createDatabase: async (name) => void await query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`),
    kill: (node = 0) => run("kill", String(node + 1)),
    start: (node = 0) => nodes === 1 ? start() : run("join", String(node + 1)),
    restart: start,
    stop: () => run("stop"),
    [Symbol.asyncDispose]: () => run("wipe"),
  };
}

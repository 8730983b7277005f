/** A database on a MariaDB server, which Glance and oneglance can both open. */
import mysql, { type RowDataPacket } from "mysql2/promise";
import { startMariadb } from "../../engines/mariadb.ts";

/** A database of a test's own. */
export interface SharedDatabase extends AsyncDisposable {
  /** The text of `[database] connection`. */
  connection: string;
  /** Runs one statement; its rows, times as text. */
  sql(statement: string, params?: unknown[]): Promise<Record<string, unknown>[]>;
}

/**
 * Makes an empty database on the server that `server` or `ONEGLANCE_TEST_DATABASE` names, otherwise on a server that
 * it starts. Disposing of it drops the database and stops a server that was started.
 */
export async function newDatabase(
  server = Deno.env.get("ONEGLANCE_TEST_DATABASE"),
): Promise<SharedDatabase> {
  await using made = new AsyncDisposableStack();
  const url = new URL(server || made.use(await startMariadb()).urls[0]!);
  const name = `oneglance_beside_${crypto.randomUUID().replaceAll("-", "")}`;
  const session = await mysql.createConnection({
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    dateStrings: true,
  });
  made.defer(() => session.end());
  await session.query(`CREATE DATABASE ${name} CHARACTER SET utf8`);
  made.defer(async () => void await session.query(`DROP DATABASE ${name}`));
  await session.query(`USE ${name}`);
  const kept = made.move();
  url.pathname = `/${name}`;
  return {
    connection: `${url.href.replace(/^\w+:/, "mysql+pymysql:")}?charset=utf8`,
    sql: async (statement, params) => (await session.query<RowDataPacket[]>(statement, params))[0],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A real nginx for one test (tests/compat/fileserver), and a server behind it that misbehaves on purpose. */
import { must } from "./processes.ts";

const SCRIPTS = new URL("../fileserver/", import.meta.url).pathname;

/** Whether nginx is installed. */
export function hasNginx(): boolean {
  try {
    return Deno.statSync("/usr/sbin/nginx").isFile;
  } catch {
    return false;
  }
}

export interface Fileserver extends AsyncDisposable {
  /** Without a slash at the end. */
  url: string;
  /** The same over TLS. */
  secureUrl: string;
  /** The folder that nginx serves below /files/, /auth/, /slow/ and so on. */
  folder: string;
  /** Returns `METHOD PATH STATUS` of every completed request, in order. */
  asked(): Promise<string[]>;
}

/** Starts nginx. `bad` handles requests to /behind/: it gets the path below that and the connection, which it may leave open. */
export async function startFileserver(
  bad: (path: string, connection: Deno.Conn) => Promise<void>,
): Promise<Fileserver> {
  const work = await Deno.makeTempDir({ prefix: "oneglance_fileserver_" });
  const upstream = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serving = (async () => {
    for await (const connection of upstream) {
      open.add(connection);
      answer(connection, bad).catch(() => {});
    }
  })();
  const end = async () => {
    await must(`${SCRIPTS}down.sh`, [work, "--wipe"]);
    upstream.close();
    for (const connection of open) close(connection);
    await serving;
  };
  try {
    const said = await must(`${SCRIPTS}up.sh`, [work, String(upstream.addr.port)]);
    const [port, tlsPort] = said.trim().split(" ");
    return {
      url: `http://127.0.0.1:${port}`,
      secureUrl: `https://127.0.0.1:${tlsPort}`,
      folder: `${work}/files`,
      asked: async () => {
        const lines = (await Deno.readTextFile(`${work}/access.log`)).trim().split("\n");
        return lines.map((line) => line.replace(/^.*"(\S+) (\S+) [^"]*" (\d+) .*$/, "$1 $2 $3"));
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function answer(
  connection: Deno.Conn,
  bad: (path: string, connection: Deno.Conn) => Promise<void>,
): Promise<void> {
  const head = new Uint8Array(8192);
  const read = await connection.read(head);
  const path = /^\w+ (\S+)/.exec(new TextDecoder().decode(head.subarray(0, read ?? 0)))?.[1] ?? "";
  await bad(path, connection);
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The test has closed the connection.
  }
}

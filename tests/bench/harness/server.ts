import { Child, freePort } from "./child.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

/** A oneglance that runs for a measure. */
export interface Server {
  url: string;
  child: Child;
  /** Milliseconds from the start of the process to the first 200 of /healthcheck. */
  startMs: number;
  stop(): Promise<void>;
}

/** How oneglance is started: `ONEGLANCE_BIN` when set, else from the sources by the Deno that runs us. */
export function serverCommand(): string[] {
  const binary = Deno.env.get("ONEGLANCE_BIN");
  return binary ? [binary] : [Deno.execPath(), "run", "-A", "--no-check", MAIN];
}

/** The database file of a server that runs in `dir`. */
export function databasePath(dir: string): string {
  return `${dir}/glance.db`;
}

/**
 * Starts oneglance without authentication and with one worker (the machine is shared with the client) in `dir`,
 * which is made when missing. Throws BenchTrouble when it does not answer.
 */
export async function startServer(dir: string): Promise<Server> {
  await Deno.mkdir(dir, { recursive: true });
  const port = freePort();
  const config = `${dir}/glance-api.conf`;
  await Deno.writeTextFile(
    config,
    `[DEFAULT]
bind_host = 127.0.0.1
bind_port = ${port}
workers = 1
node_staging_uri = file://${dir}/staging
[database]
connection = sqlite:///${databasePath(dir)}
[glance_store]
filesystem_store_datadir = ${dir}/images
`,
  );
  const from = performance.now();
  const child = new Child(`${dir}/server.log`, [...serverCommand(), "serve", "--config-file", config]);
  const url = `http://127.0.0.1:${port}`;
  try {
    const startMs = await child.untilAnswer(`${url}/healthcheck`, from);
    return { url, child, startMs, stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

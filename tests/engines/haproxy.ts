/** HAProxy on loopback before API processes or before a database. Needs Debian's haproxy. */
import { freePort, must } from "../compat/support/processes.ts";

const SCRIPT = new URL("haproxy.sh", import.meta.url).pathname;

export interface Haproxy extends AsyncDisposable {
  port: number;
  /** For example `http://127.0.0.1:40123`. */
  url: string;
}

/**
 * Starts it. `api`: requests go round the servers whose /healthcheck is 200. `database`: connections go to the first
 * server that is up, and are ended when it goes.
 */
export async function startHaproxy(before: "api" | "database", servers: readonly number[]): Promise<Haproxy> {
  const work = await Deno.makeTempDir({ prefix: "oneglance_haproxy_" });
  const port = freePort();
  const run = async (verb: string, ...more: string[]) => void await must(SCRIPT, [verb, work, ...more]);
  try {
    await run(before === "api" ? "start" : "tcp", String(port), ...servers.map(String));
  } catch (error) {
    await run("wipe");
    throw error;
  }
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => run("wipe") };
}

/** HAProxy on loopback before API processes or before the nodes of a Galera cluster. Needs Debian's haproxy. */
import { freePort, must } from "../compat/support/processes.ts";

const SCRIPT = new URL("haproxy.sh", import.meta.url).pathname;

export interface Haproxy extends AsyncDisposable {
  port: number;
  /** For example `http://127.0.0.1:40123`. */
  url: string;
}

/**
 * Starts it. `api`: requests go round the servers whose /healthcheck is 200. `galera`: connections go to the first
 * node that is synced (health check of docs/mariadb.md), and are ended when it is not.
 */
export async function startHaproxy(before: "api" | "galera", servers: readonly number[]): Promise<Haproxy> {
  const work = await Deno.makeTempDir({ prefix: "oneglance_haproxy_" });
  const port = freePort();
  const run = async (verb: string, ...more: string[]) => void await must(SCRIPT, [verb, work, ...more]);
  try {
    await run(before === "api" ? "start" : "galera", String(port), ...servers.map(String));
  } catch (error) {
    await run("wipe");
    throw error;
  }
  return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => run("wipe") };
}

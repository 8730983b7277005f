/**
 * Several API servers, each Debian's Glance or oneglance, on one database and the same stores and staging area,
 * behind one HAProxy: the controllers of a cloud in the middle of an exchange.
 */
import { glanceManage, startGlance } from "./glance.ts";
import { oneglance, type ServerOptions, startOneglance } from "./oneglance.ts";
import { freePort, must, waitFor200 } from "./processes.ts";
import { type Haproxy, startHaproxy } from "../../engines/haproxy.ts";

/** Which program serves on a node. */
export type Program = "glance" | "oneglance";

export interface FleetOptions extends Pick<ServerOptions, "keystone" | "set"> {
  /** The text of `[database] connection`; default a SQLite file. */
  connection?: string;
  /**
   * Whether the nodes name themselves (`worker_self_reference_url`), so that requests about staged data are sent on
   * to the node that has it. Default true.
   */
  selfReference?: boolean;
}

/** One controller. */
export interface Node {
  program: Program;
  /** The server itself, past HAProxy. It stays the same when the program is exchanged. */
  url: string;
  /** Of what serves now. */
  pid: number;
  config: string;
}

export interface Fleet {
  /** HAProxy, which sends requests to the nodes in turn; a single node's own. */
  url: string;
  /** What the nodes share: first/, second/, staging/, tasks/. */
  folder: string;
  nodes: Node[];
  /** Stops what serves on a node; returns its log. */
  halt(index: number): Promise<string>;
  /** Kills what serves on a node, with its workers (SIGKILL). */
  kill(index: number): Promise<void>;
  /** Starts a program on a node that was halted. */
  start(index: number, program: Program): Promise<void>;
  /** Loads the metadata definitions that the first node's program ships. */
  loadMetadefs(): Promise<void>;
  /** Stops all; returns the log of each node. */
  stop(): Promise<string[]>;
}

/** Starts a node for each program, in order, and HAProxy before them. Errors: the log of what did not start. */
export async function startFleet(programs: readonly Program[], options: FleetOptions = {}): Promise<Fleet> {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_fleet_" });
  const ports = programs.map(() => freePort());
  let haproxy: Haproxy | undefined;
  const running = new Map<number, () => Promise<string>>();
  const nodes: Node[] = ports.map((port, index) => (
    { program: programs[index]!, url: `http://127.0.0.1:${port}`, pid: 0, config: "" }
  ));

  async function start(index: number, program: Program): Promise<void> {
    const own: ServerOptions = {
      keystone: options.keystone,
      stores: "multi",
      folder: `${folder}/node${index}`,
      port: ports[index],
    };
    const set = shared(folder, options, nodes[index]!.url);
    if (program === "glance") {
      const server = await startGlance({ ...own, set, auth: options.keystone ? undefined : "trusted" });
      running.set(index, () => server.stop());
      nodes[index] = { program, url: server.url, pid: server.pid, config: server.config };
    } else {
      const server = await startOneglance({ ...own, set });
      running.set(index, async () => (await server.stop()).log);
      nodes[index] = { program, url: server.url, pid: server.pid, config: server.config };
    }
  }

  async function halt(index: number): Promise<string> {
    const stopped = await running.get(index)?.();
    running.delete(index);
    return stopped ?? "";
  }

  async function kill(index: number): Promise<void> {
    const { pid } = nodes[index]!;
    for (const each of [pid, ...childrenOf(pid)]) Deno.kill(each, "SIGKILL");
    await halt(index);
  }

  async function stop(): Promise<string[]> {
    await haproxy?.[Symbol.asyncDispose]();
    const logs = await Promise.all(nodes.map((_, index) => halt(index)));
    await Deno.remove(folder, { recursive: true });
    return logs;
  }

  async function front(): Promise<string> {
    if (nodes.length === 1) return nodes[0]!.url;
    haproxy = await startHaproxy("api", ports);
    await waitFor200(`${haproxy.url}/healthcheck`, 10);
    return haproxy.url;
  }

  async function loadMetadefs(): Promise<void> {
    const { program, config } = nodes[0]!;
    if (program === "glance") return void await glanceManage(config, "db_load_metadefs");
    const load = oneglance(["metadefs", "load", "--shipped", "--config-file", config]);
    await must(load.name, load.args);
  }

  try {
    // One after the other: the first one makes the tables.
    for (const [index, program] of programs.entries()) await start(index, program);
    const url = await front();
    return { url, folder, nodes, halt, kill, start, loadMetadefs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

/** What is the same on every node, and its own name. */
function shared(folder: string, options: FleetOptions, url: string): ServerOptions["set"] {
  const set: Record<string, Record<string, string>> = {
    DEFAULT: options.selfReference === false ? {} : { worker_self_reference_url: url },
    database: { connection: options.connection ?? `sqlite:///${folder}/glance.db` },
    ...(options.keystone ? {} : { oneglance: { identity_headers_from: "127.0.0.0/8" } }),
  };
  const stores = {
    first: "first",
    second: "second",
    os_glance_staging_store: "staging",
    os_glance_tasks_store: "tasks",
  };
  for (const [group, name] of Object.entries(stores)) {
    set[group] = { filesystem_store_datadir: `${folder}/${name}` };
    Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
  }
  for (const [group, more] of Object.entries(options.set ?? {})) set[group] = { ...set[group], ...more };
  return set;
}

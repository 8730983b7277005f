import { Child, freePort } from "./child.ts";
import { runCommand } from "./command.ts";

const MAIN = new URL("../../../main.ts", import.meta.url).pathname;

/** A oneglance that runs for a measure. */
export interface Server {
  url: string;
  child: Child;
  /** Milliseconds from the start of the process to the first 200 of /healthcheck. */
  startMs: number;
  stop(): Promise<void>;
}

/** The beginning of a command line that runs oneglance; its own arguments follow. */
export type Program = readonly [program: string, ...args: string[]];

/** The sources whose `main.ts` this is, run by the Deno that runs us. */
export function sourcesProgram(main: string = MAIN): Program {
  return [Deno.execPath(), "run", "-A", "--no-check", main];
}

/** How oneglance is called: `ONEGLANCE_BIN` when set, else the sources. */
function ownProgram(): Program {
  const binary = Deno.env.get("ONEGLANCE_BIN");
  return binary ? [binary] : sourcesProgram();
}

function databasePath(dir: string): string {
  return `${dir}/glance.db`;
}

/** `[database] connection` of a server that runs in `dir` with a database file of its own. */
export function fileConnection(dir: string): string {
  return `sqlite:///${databasePath(dir)}`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

export interface StartOptions {
  /** Changes the command that serves. */
  wrap?: (command: string[]) => string[];
  /** What is run; by default this oneglance. */
  program?: Program;
  /** Of the database; by default a file in the folder. */
  connection?: string;
}

/**
 * Starts oneglance in `dir`, with a configuration file: no authentication, one worker (the machine is shared with the
 * client). `db sync` makes a missing database before. Throws BenchTrouble when it does not answer.
 */
export async function startServer(
  dir: string,
  {
    wrap = (command) => command,
    program = ownProgram(),
    connection = fileConnection(dir),
  }: StartOptions = {},
): Promise<Server> {
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
connection = ${connection}
[glance_store]
filesystem_store_datadir = ${dir}/images
`,
  );
  const [file, ...args] = program;
  if (connection !== fileConnection(dir) || !await exists(databasePath(dir))) {
    await runCommand(file, ...args, "db", "sync", "--config-file", config);
  }
  return await start(dir, port, wrap([...program, "serve", "--config-file", config]));
}

/** Starts oneglance as a newcomer does, without any configuration; all it makes lies in `dir`. */
export async function startStandalone(dir: string): Promise<Server> {
  await Deno.mkdir(dir, { recursive: true });
  const port = freePort();
  return await start(
    dir,
    port,
    [...ownProgram(), "serve", "--standalone", "--data-dir", dir, "--bind-port", String(port)],
  );
}

async function start(dir: string, port: number, serve: string[]): Promise<Server> {
  const from = performance.now();
  const child = new Child(`${dir}/server.log`, serve);
  const url = `http://127.0.0.1:${port}`;
  try {
    const startMs = await child.untilAnswer(`${url}/healthcheck`, from);
    return { url, child, startMs, stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

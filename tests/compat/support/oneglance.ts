/** The program under test: the executable that `ONEGLANCE_BIN` names, or main.ts run by the deno of the test. */
import type { Keystone } from "./keystone.ts";
import { freePort, must, waitFor200 } from "./processes.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;

/** How to start the server. */
export interface ServerOptions {
  /** The Keystone that validates tokens; without one every caller is an administrator (no flavor). */
  keystone?: Keystone;
  /** Default 1. */
  workers?: number;
  /** Stores: one file store the old way, or two file stores and http by `enabled_backends`. Default `single`. */
  stores?: "single" | "multi";
  /** More configuration, `{ group: { option: value } }`; overrides the options above. */
  set?: Record<string, Record<string, string>>;
  /** Content of schema-image.json beside the configuration; default: no such file. */
  properties?: Record<string, unknown>;
  /** The folder for all files of the server; default: a new temporary folder, which `stop` removes. */
  folder?: string;
  /** Of loopback; default a free one. */
  port?: number;
}

/** How a server ended. */
export interface ServerEnd {
  code: number;
  /** Milliseconds from SIGTERM to the end. */
  took: number;
  log: string;
}

/** A running server. */
export interface Server {
  /** For example `http://127.0.0.1:40123`. */
  url: string;
  pid: number;
  folder: string;
  config: string;
  /** Milliseconds from the start of the process to the first 200 of /healthcheck. */
  startedIn: number;
  /** Sends SIGTERM, waits for the end (at most half a minute) and removes the folder. */
  stop(): Promise<ServerEnd>;
}

/** Returns the command line of the program with these arguments. */
export function oneglance(args: string[]): { name: string; args: string[] } {
  const binary = Deno.env.get("ONEGLANCE_BIN");
  if (binary) return { name: binary, args };
  const source = ["run", "-A", "--no-check", "--quiet", `--config=${ROOT}deno.json`, `${ROOT}main.ts`];
  return { name: Deno.execPath(), args: [...source, ...args] };
}

function settings(folder: string, port: number, options: ServerOptions) {
  const all: Record<string, Record<string, string>> = {
    DEFAULT: { bind_host: "127.0.0.1", bind_port: `${port}`, workers: `${options.workers ?? 1}` },
    database: { connection: `sqlite:///${folder}/glance.db` },
    paste_deploy: {},
  };
  if (options.stores === "multi") {
    all.DEFAULT!.enabled_backends = "first:file,second:file,web:http";
    all.glance_store = { default_backend: "first" };
    all.first = { filesystem_store_datadir: `${folder}/first` };
    all.second = { filesystem_store_datadir: `${folder}/second` };
    all.os_glance_staging_store = { filesystem_store_datadir: `${folder}/staging` };
    all.os_glance_tasks_store = { filesystem_store_datadir: `${folder}/tasks` };
  } else {
    all.DEFAULT!.node_staging_uri = `file://${folder}/staging`;
    all.glance_store = { stores: "file,http", filesystem_store_datadir: `${folder}/images` };
  }
  if (options.keystone) {
    const { url, password } = options.keystone;
    all.paste_deploy = { flavor: "keystone" };
    all.keystone_authtoken = {
      www_authenticate_uri: url,
      auth_url: url,
      auth_type: "password",
      username: "glance",
      password,
      project_name: "service",
      user_domain_id: "default",
      project_domain_id: "default",
    };
  }
  for (const [group, set] of Object.entries(options.set ?? {})) all[group] = { ...all[group], ...set };
  return all;
}

/** A configuration file's text. */
function ini(all: Record<string, Record<string, string>>): string {
  return Object.entries(all).map(([group, set]) =>
    `[${group}]\n${Object.entries(set).map(([name, value]) => `${name} = ${value}\n`).join("")}`
  ).join("\n");
}

/** Writes a glance-api.conf for a server on `port` into the folder and returns its path. */
export async function writeConfig(
  folder: string,
  port: number,
  options: ServerOptions = {},
): Promise<string> {
  const all = settings(folder, port, options);
  const stores = ["images", "first", "second", "staging", "tasks"];
  for (const name of stores) await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  const path = `${folder}/glance-api.conf`;
  // Other users of the machine must not read it: it holds the password of the service user.
  await Deno.writeTextFile(path, ini(all), { mode: 0o600 });
  if (options.properties) {
    await Deno.writeTextFile(`${folder}/schema-image.json`, JSON.stringify(options.properties));
  }
  return path;
}

/** Reads a stream to its end and keeps its last part. */
export function collect(stream: ReadableStream<Uint8Array>): { text: () => string; done: Promise<void> } {
  let kept = "";
  const done = stream.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({
      write(chunk) {
        kept = (kept + chunk).slice(-200_000);
      },
    }),
  );
  return { text: () => kept, done };
}

/** Creates the database and starts a server on a free port of loopback; throws with its log when it does not respond. */
export async function startOneglance(options: ServerOptions = {}): Promise<Server> {
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "oneglance_" });
  const port = options.port ?? freePort();
  const config = await writeConfig(folder, port, options);
  const sync = oneglance(["db", "sync", "--config-file", config]);
  await must(sync.name, sync.args, { cwd: folder });

  const serve = oneglance(["serve", "--config-file", config]);
  const began = performance.now();
  const child = new Deno.Command(serve.name, {
    args: serve.args,
    cwd: folder,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  let ended = false;
  const status = child.status.then((value) => (ended = true, value));
  const log = () => `${out.text()}\n${err.text()}`;

  async function stop(): Promise<ServerEnd> {
    const asked = performance.now();
    if (!ended) child.kill("SIGTERM");
    const timer = setTimeout(() => ended || child.kill("SIGKILL"), 30_000);
    const { code } = await status;
    clearTimeout(timer);
    const took = performance.now() - asked;
    await Promise.all([out.done, err.done]);
    if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
    return { code, took, log: log() };
  }

  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor200(`${url}/healthcheck`, 30, () => !ended);
  } catch (error) {
    const { log } = await stop();
    throw new Error(`oneglance did not start: ${log}`, { cause: error });
  }
  return { url, pid: child.pid, folder, config, startedIn: performance.now() - began, stop };
}

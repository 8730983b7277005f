/**
 * `glance`, `openstack`, openstacksdk and python-glanceclient against one server. One Python process (clients.py) runs
 * all calls with the clients' own code, from the command line on; that saves the second that each start takes.
 */
import assert from "node:assert/strict";
import {
  clientEnvironment,
  type Keystone,
  PROJECT_OF,
  startKeystone,
  tokenOf,
  type UserName,
} from "./keystone.ts";
import { type Server, type ServerOptions, startOneglance } from "./oneglance.ts";
import { command, must } from "./processes.ts";

const SCRIPT = new URL("clients.py", import.meta.url).pathname;
const ENDPOINT = new URL("../keystone/endpoint.py", import.meta.url).pathname;

/** How a command of a client ended. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** An image as the API shows it, with the fields that the tests check. */
export interface Image {
  id: string;
  name: string | null;
  status: string;
  visibility: string;
  owner: string | null;
  protected: boolean;
  os_hidden: boolean;
  size: number | null;
  checksum: string | null;
  tags: string[];
  stores?: string;
  locations?: { url: string; metadata: Record<string, unknown> }[];
  [property: string]: unknown;
}

/** The clients as one user. A failed command throws, except in `refused`. */
export interface Person {
  project: string;
  token: string;
  /** Runs `glance ARGUMENTS`; returns its output. */
  glance(...args: string[]): Promise<string>;
  /** Runs `openstack ARGUMENTS`; returns its output. */
  openstack(...args: string[]): Promise<string>;
  /** Runs `openstack ARGUMENTS -f json`; returns the parsed output. */
  json<T>(...args: string[]): Promise<T>;
  /** Calls a method of openstacksdk's image proxy; returns a list with all its pages. */
  sdk<T>(method: string, args?: unknown[], named?: Record<string, unknown>): Promise<T>;
  /** Calls a method of python-glanceclient, for example `images.list`. */
  lib<T>(method: string, args?: unknown[], named?: Record<string, unknown>): Promise<T>;
  /** Asserts that a command fails and that its output matches. */
  refused(client: "glance" | "openstack", args: string[], text: RegExp): Promise<void>;
  /** Asserts the HTTP status and the message of openstacksdk's error. */
  sdkRefused(status: number, text: RegExp, method: string, args?: unknown[], named?: object): Promise<void>;
  /** Sends a request to the API without a client. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Returns the image as the API shows it. */
  show(id: string): Promise<Image>;
}

/** A server and its users. */
export interface Clients {
  server: Server;
  keystone: Keystone;
  folder: string;
  region: string;
  as(user: UserName): Promise<Person>;
}

/** Whether Keystone and the clients are installed; prints the skipped file when they are not. */
export async function clientsThere(file: string): Promise<boolean> {
  const keystone = Deno.env.has("ONEGLANCE_KEYSTONE_WORK") ? "" : "keystone-manage uwsgi";
  const { code } = await command("sh", [
    "-c",
    `for each in ${keystone} glance openstack; do command -v $each || exit 1; done`,
  ]);
  if (code !== 0) console.log(`skipped: tests/compat/${file}, because there is no Keystone or client`);
  return code === 0;
}

/** Starts the Python process; it handles one request at a time. */
function startPython() {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-W", "ignore", SCRIPT],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  const readLine = async (): Promise<string> => {
    while (!kept.includes("\n")) {
      const { value, done } = await lines.read();
      if (done) throw new Error("the clients have ended");
      kept += value;
    }
    const end = kept.indexOf("\n");
    const line = kept.slice(0, end);
    kept = kept.slice(end + 1);
    return line;
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    ask<T>(request: unknown): Promise<T> {
      const answer = last.then(async () => {
        await writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
        return JSON.parse(await readLine()) as T;
      });
      last = answer.catch(() => {});
      return answer;
    },
    async stop() {
      await writer.close();
      await child.status;
      await lines.cancel();
    },
  };
}

type Python = ReturnType<typeof startPython>;
type Called = { value: unknown } | { error: string; status: number | null; message: string };

function person(
  python: Python,
  env: Record<string, string>,
  url: string,
  token: string,
  project: string,
): Person {
  const run = (program: string, args: string[]) => python.ask<Said>({ env, run: [program, ...args] });
  const done = async (program: string, args: string[]) => {
    const said = await run(program, args);
    const about = `${program} ${args.join(" ")} ended with ${said.code}: ${said.stdout} ${said.stderr}`;
    assert.equal(said.code, 0, about);
    return said.stdout;
  };
  const call = async <T>(kind: "sdk" | "lib", method: string, args: unknown[], named: object) => {
    const called = await python.ask<Called>({ env, [kind]: [method, args, named] });
    if ("error" in called) throw new Error(`${kind} ${method}: ${JSON.stringify(called)}`);
    return called.value as T;
  };
  const api: Person["api"] = (method, path, body, headers) =>
    fetch(`${url}${path}`, {
      method,
      headers: {
        "x-auth-token": token,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
    });
  return {
    project,
    token,
    glance: (...args) => done("glance", args),
    openstack: (...args) => done("openstack", args),
    json: async (...args) => JSON.parse(await done("openstack", [...args, "-f", "json"])),
    sdk: (method, args = [], named = {}) => call("sdk", method, args, named),
    lib: (method, args = [], named = {}) => call("lib", method, args, named),
    refused: async (client, args, text) => {
      const said = await run(client, args);
      assert.notEqual(said.code, 0, `${client} ${args.join(" ")} did not fail: ${said.stdout}`);
      assert.match(`${said.stdout}\n${said.stderr}`, text);
    },
    sdkRefused: async (status, text, method, args = [], named = {}) => {
      const called = await python.ask<Called>({ env, sdk: [method, args, named] });
      assert.ok("error" in called, `${method} did not fail: ${JSON.stringify(called)}`);
      assert.equal(called.status, status, called.message);
      assert.match(called.message, text);
    },
    api,
    show: async (id) => {
      const answer = await api("GET", `/v2/images/${id}`);
      assert.equal(answer.status, 200, id);
      return await answer.json();
    },
  };
}

/** Starts a server with the run's Keystone, and the clients; ends both when `use` has ended. */
export async function withClients(
  options: ServerOptions,
  use: (clients: Clients) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_flows_" });
  const keystone = await startKeystone();
  const python = startPython();
  try {
    const server = await startOneglance({ ...options, keystone });
    try {
      const region = await keystone.publish(server.url);
      // openstackclient asks the Keystone of its region for the names of projects.
      const identity = [ENDPOINT, keystone.url, keystone.password, keystone.url, region, "identity"];
      await must("/usr/bin/python3", identity);
      const people = new Map<UserName, Promise<Person>>();
      const meet = async (user: UserName) => {
        const home = `${folder}/${user}`;
        await Deno.mkdir(home);
        const env = { PATH: Deno.env.get("PATH")!, ...clientEnvironment(keystone, user, region, home) };
        const token = await tokenOf(keystone, user);
        return person(python, env, server.url, token, keystone.ids.projects[PROJECT_OF[user]]!);
      };
      const as = (user: UserName) => people.get(user) ?? people.set(user, meet(user)).get(user)!;
      await use({ server, keystone, folder, region, as });
    } finally {
      const end = await server.stop();
      assert.equal(end.code, 0, end.log);
    }
  } finally {
    await python.stop();
    await keystone.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the cells of the table that `glance` prints, row by row, without its head. */
export function rows(table: string): string[][] {
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(1).map((line) =>
    line.slice(1, -1).split(" | ").map((cell) => cell.replace(/^\||\|$/g, "").trim())
  );
}

/** Returns a value of the two-column table that `glance` prints. */
export function field(table: string, name: string): string {
  const row = rows(table).find(([first]) => first === name);
  assert.ok(row, `no ${name} in ${table}`);
  return row[1]!;
}

/** Debian's real glance-api, to hold oneglance against: the same configuration, the same database, the same stores. */
import { collect, type ServerOptions, writeConfig } from "./oneglance.ts";
import { freePort, must, waitFor200 } from "./processes.ts";

const HERE = new URL(".", import.meta.url).pathname;

/** What it needs of the machine, for `missing(…)`. */
export const GLANCE_COMMANDS = ["glance-api", "glance-manage"] as const;

/** How it is started; `set.database.connection` names its database, by default SQLite in its folder. */
export interface GlanceOptions extends ServerOptions {
  /** `admin`: everybody is one. `trusted`: trusted_identity.py. Default: `keystone` when one is given, else `admin`. */
  auth?: "admin" | "trusted";
  /** Whether `glance-manage db_sync` is run first. Default true. */
  sync?: boolean;
}

/** A running glance-api. */
export interface Glance {
  url: string;
  /** Of the parent; the workers are its children. */
  pid: number;
  folder: string;
  config: string;
  /** Milliseconds from the start of the process to the first 200. */
  startedIn: number;
  /** Sends SIGTERM, waits for the end, and removes the folder when it made it. Returns what it wrote. */
  stop(): Promise<string>;
}

const FILTERS = {
  healthcheck: "oslo_middleware:Healthcheck.factory",
  versionnegotiation: "glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory",
  context: "glance.api.middleware.context:ContextMiddleware.factory",
  admin: "glance.api.middleware.context:UnauthenticatedContextMiddleware.factory",
  authtoken: "keystonemiddleware.auth_token:filter_factory",
  trusted: "trusted_identity:factory",
  proxy: "oslo_middleware:HTTPProxyToWSGI.factory",
};

function paste(identity: string): string {
  const filters = Object.entries(FILTERS).map(([name, factory]) =>
    `[filter:${name}]\npaste.filter_factory = ${factory}\n${
      name === "authtoken" ? "delay_auth_decision = true\n" : ""
    }`
  );
  return `[pipeline:glance-api]
pipeline = healthcheck proxy versionnegotiation ${identity} root
[composite:root]
paste.composite_factory = glance.api:root_app_factory
/: versions
/v2: v2
[app:versions]
paste.app_factory = glance.api.versions:create_resource
[app:v2]
paste.app_factory = glance.api.v2.router:API.factory
${filters.join("")}`;
}

/** What real Glance wants in addition to what oneglance is given. */
function withNeeds(folder: string, options: GlanceOptions): ServerOptions {
  // The defaults of new deployments since 2023.1; an unauthenticated context has no role that they accept.
  const strict = `${options.keystone !== undefined || options.auth === "trusted"}`;
  const needs: Record<string, Record<string, string>> = {
    DEFAULT: { use_stderr: "true", lock_path: `${folder}/lock`, enforce_secure_rbac: strict },
    oslo_concurrency: { lock_path: `${folder}/lock` },
    oslo_policy: {
      enforce_new_defaults: strict,
      enforce_scope: strict,
      policy_file: `${folder}/policy.yaml`,
    },
    paste_deploy: { flavor: "", config_file: `${folder}/paste.ini` },
  };
  const set = { ...options.set };
  for (const [group, own] of Object.entries(needs)) set[group] = { ...own, ...set[group] };
  return { ...options, set };
}

/** Writes the configuration for Glance on a port; a list option that `set` gives needs brackets. */
export async function writeGlanceConfig(
  folder: string,
  port: number,
  options: GlanceOptions = {},
): Promise<string> {
  await Deno.mkdir(`${folder}/lock`, { recursive: true });
  await Deno.writeTextFile(`${folder}/policy.yaml`, "", { append: true });
  const identity = options.keystone
    ? "authtoken context"
    : options.auth === "trusted"
    ? "trusted context"
    : "admin";
  await Deno.writeTextFile(`${folder}/paste.ini`, paste(identity));
  return await writeConfig(folder, port, withNeeds(folder, options));
}

/** Runs upstream's `glance-manage` on a configuration; throws with what it said when it fails. */
export async function glanceManage(config: string, ...args: string[]): Promise<string> {
  return await must("glance-manage", ["--config-file", config, ...args]);
}

/** Starts Debian's glance-api on a free port of loopback; throws with its log when it does not answer. */
export async function startGlance(options: GlanceOptions = {}): Promise<Glance> {
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "glance_" });
  const port = options.port ?? freePort();
  const config = await writeGlanceConfig(folder, port, options);
  if (options.sync !== false) await glanceManage(config, "db_sync");
  const began = performance.now();
  const child = new Deno.Command("glance-api", {
    args: ["--config-file", config],
    cwd: folder,
    env: { PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  let ended = false;
  const status = child.status.then(() => void (ended = true));
  const log = () => `${out.text()}\n${err.text()}`;

  async function stop(): Promise<string> {
    if (!ended) child.kill("SIGTERM");
    const timer = setTimeout(() => ended || child.kill("SIGKILL"), 30_000);
    await status;
    clearTimeout(timer);
    await Promise.all([out.done, err.done]);
    if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
    return log();
  }

  const url = `http://127.0.0.1:${port}`;
  try {
    await waitFor200(`${url}/healthcheck`, 60, () => !ended);
  } catch (error) {
    const said = await stop();
    throw new Error(`glance-api did not start: ${said}`, { cause: error });
  }
  return { url, pid: child.pid, folder, config, startedIn: performance.now() - began, stop };
}

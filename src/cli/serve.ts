/** `oneglance serve`, `glance-api`: the service. */
import { readFlavor } from "../auth/flavor.ts";
import { compose, type Composition } from "../compose.ts";
import { parseShared } from "../config/cli_options.ts";
import { type Config, loadConfig } from "../config/config.ts";
import { fail, GlanceError } from "../errors.ts";
import { configureLogging } from "../observe/configure_logging.ts";
import { startRecovery } from "../images/recover.ts";
import { removeLeftovers } from "../imports/leftovers.ts";
import { warnOfStranded } from "../imports/stranded.ts";
import { startSender } from "../notify/sender.ts";
import { flushLog, getLog } from "../observe/log.ts";
import { type Door, listen } from "../server.ts";
import { startTaskRecovery } from "../tasks/recover.ts";
import { raiseOpenFiles } from "../util/open_files.ts";
import { takeValue } from "../util/take_option.ts";
import { UsageError } from "../util/usage_error.ts";
import { VERSION } from "../util/version.ts";
import { banner } from "./banner.ts";
import { isFirstStart, loadShipped } from "./first_start.ts";
import { helpOf } from "./help.ts";
import type { Program } from "./program.ts";
import { untilStopped } from "./signals.ts";
import { defaultDataDir, makeDataDir, standaloneEnv } from "./standalone.ts";

/** How long an address in use is tried again, in ms, as upstream does. */
const BIND_PATIENCE = 30_000;

/** Serves until a signal; resolves to the exit code. Errors: UsageError, config, database. */
export async function serve(program: Program): Promise<number> {
  const shared = parseShared(program.args);
  if (shared.version) return say(program, VERSION);
  if (shared.help) return say(program, helpOf("serve")!);
  const { config, standalone } = load(program, shared);
  const prog = "glance-api";
  configureLogging(config, prog);
  logStart(config);
  try {
    return await serveConfigured(program, config, standalone);
  } catch (error) {
    // Who looks for the reason looks into the log file; the command line is told as well.
    if (error instanceof GlanceError && config.get("DEFAULT.log_file")) {
      getLog("oneglance.start").critical(error.message);
    }
    throw error;
  } finally {
    flushLog();
  }
}

async function serveConfigured(program: Program, config: Config, standalone: boolean): Promise<number> {
  refuseOpenAccess(config);
  // From here on a signal means a stop in order, also while the parts are still being put together.
  const stopped = untilStopped();
  const lifecycle = { stopping: false };
  const files = raiseOpenFiles();
  const host = config.get("DEFAULT.bind_host");
  const port = config.get("DEFAULT.bind_port") ?? 9292;
  const door = await bindAddress(
    `${host}:${port}`,
    () => listen({ config, lifecycle, files }, host, port),
    stopped,
  );
  if (door === null) return 0;
  try {
    return await serveAt(program, config, { door, lifecycle, stopped, standalone });
  } finally {
    await door.close();
  }
}

/** What a start has made before the parts of the service are put together. */
interface Begun {
  door: Door;
  lifecycle: { stopping: boolean };
  /** Resolves at the first signal. */
  stopped: Promise<void>;
  standalone: boolean;
}

async function serveAt(program: Program, config: Config, begun: Begun): Promise<number> {
  const { lifecycle, standalone } = begun;
  if (standalone) makeDataDir(config.get("oneglance.data_dir"));
  const first = standalone && isFirstStart(config);
  const sync = standalone ? "auto" : "require";
  const composition = await compose(config, { workers: program.workers, sync, lifecycle });
  try {
    if (first) await loadShipped(composition.deps);
    return await run(program, config, composition, begun);
  } finally {
    await composition.close();
  }
}

function load(
  program: Program,
  shared: ReturnType<typeof parseShared>,
): { config: Config; standalone: boolean } {
  let rest = [...shared.rest];
  const option = (name: string) => {
    const taken = takeValue(rest, name);
    rest = taken.rest;
    return taken.value;
  };
  const dataDir = option("--data-dir");
  const host = option("--bind-host");
  const port = option("--bind-port");
  const asked = rest.includes("--standalone");
  const left = rest.filter((argument) => argument !== "--standalone");
  if (left.length > 0) throw new UsageError(`serve does not know '${left[0]}'.`);
  if (asked && shared.sources.length > 0) throw new UsageError("--standalone reads no --config-file.");
  const overrides = {
    ...shared.overrides,
    ...(host === null ? {} : { "DEFAULT.bind_host": host }),
    ...(port === null ? {} : { "DEFAULT.bind_port": port }),
  };
  const { env } = program;
  if (!asked) {
    const config = loadConfig({ sources: shared.sources, env, overrides, prog: "glance-api" });
    if (config.files.length > 0 || config.isSet("database.connection")) {
      if (dataDir !== null) {
        throw new UsageError("--data-dir is for --standalone: a configuration says itself where data is.");
      }
      return { config, standalone: false };
    }
  }
  const directory = dataDir ?? env.OS_ONEGLANCE__DATA_DIR ?? defaultDataDir(env);
  const config = loadConfig({
    env: standaloneEnv(env, directory),
    overrides,
    prog: "glance-api",
    searchPath: [],
  });
  return { config, standalone: true };
}

function logStart(config: Config): void {
  const log = getLog("oneglance.start");
  log.info(`oneglance ${VERSION} starts; configuration: ${config.files.join(", ") || "none"}`);
  for (const warning of config.warnings) log.warn(warning);
  const workers = config.get("DEFAULT.workers") ?? 0;
  if (workers > 1) log.info(`workers = ${workers}: one process serves, whatever workers says`);
  for (const { file, line, old, now } of config.deprecated) {
    log.warn(`${file}:${line}: option ${old} is deprecated, use ${now}`);
  }
  for (const stray of config.unknown) {
    log.debug(`${stray.file}:${stray.line}: option [${stray.group}] ${stray.name} is not known and ignored`);
  }
  if (log.isDebug) {
    for (const [group, name, text] of config.list()) {
      log.debug(`${group}.${name} = ${text}`);
    }
  }
}

/** Errors: config, when everybody who reaches the address would be an administrator and nobody asked for that. */
function refuseOpenAccess(config: Config): void {
  const host = config.get("DEFAULT.bind_host");
  const open = !readFlavor(config.get("paste_deploy.flavor")).keystone;
  if (!open || isLoopback(host) || config.get("oneglance.allow_open_access")) return;
  fail(
    "config",
    `Without authentication everybody who reaches ${host} would be an administrator. Set [paste_deploy] flavor = ` +
      "keystone, or bind_host = 127.0.0.1, or [oneglance] allow_open_access = true if that is what you want.",
  );
}

async function run(
  program: Program,
  config: Config,
  { deps }: Composition,
  { door, stopped, standalone }: Begun,
): Promise<number> {
  const sender = startSender(deps);
  const endRecovery = await startRecovery(deps);
  const endTaskRecovery = await startTaskRecovery(deps);
  const leftovers = removeLeftovers(deps).then(() => warnOfStranded(deps));
  const server = door.open(deps);
  program.out(banner({ server: door, config, summary: deps.auth.summary, standalone }));
  await stopped;
  const log = getLog("oneglance.server");
  log.info("stopping");
  const seconds = config.get("oneglance.graceful_shutdown_timeout");
  const clean = await server.stop(seconds * 1000);
  await Promise.all([endRecovery(), endTaskRecovery(), leftovers]);
  await sender?.close();
  log.info(clean ? "stopped" : "stopped; some requests were broken off");
  return 0;
}

/**
 * Tries again for a while when the address is still in use; null when `stopped` came first. Errors: config when the
 * address cannot be had.
 */
async function bindAddress(
  address: string,
  start: () => Door,
  stopped: Promise<void>,
): Promise<Door | null> {
  const deadline = Date.now() + BIND_PATIENCE;
  for (let told = false;; told = true) {
    try {
      return start();
    } catch (error) {
      const busy = error instanceof Deno.errors.AddrInUse;
      if (!busy || Date.now() > deadline) {
        fail(
          "config",
          `Cannot listen on ${address}: ${
            (error as Error).message
          }. Set bind_host and bind_port (or --bind-host ` +
            "and --bind-port) to an address of this machine that is free.",
        );
      }
      const seconds = BIND_PATIENCE / 1000;
      if (!told) getLog("oneglance.server").warn(`${address} is in use; trying again for ${seconds} s`);
      const again = new Promise((resolve) => setTimeout(resolve, 500)).then(() => true);
      if (!await Promise.race([again, stopped.then(() => false)])) return null;
    }
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function say(program: Program, text: string): number {
  program.out(text);
  return 0;
}

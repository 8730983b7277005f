/** `oneglance serve`, `glance-api`: the service. */
import { readFlavor } from "../auth/flavor.ts";
import { compose, type Composition } from "../compose.ts";
import type { Config } from "../config/config.ts";
import { fail, GlanceError } from "../errors.ts";
import { configureLogging } from "../observe/configure_logging.ts";
import { startJobs } from "../jobs/table.ts";
import { withPaste } from "../paste/apply.ts";
import { flushLog, getLog } from "../observe/log.ts";
import { type Door, listen } from "../server.ts";
import { describeUsers, type FileUser, otherUsersOf } from "../util/file_users.ts";
import { raiseOpenFiles } from "../util/open_files.ts";
import { takeFlags, takeValue } from "../util/arguments.ts";
import { BUILD_VERSION } from "../util/version.ts";
import { banner } from "./banner.ts";
import { type CommandLine, refuseRest } from "./command_line.ts";
import { configure, type Configured } from "./configuration.ts";
import { databaseFile, isFirstStart, loadShipped } from "./first_start.ts";
import type { Program } from "./program.ts";
import { makeHangUp } from "./hang_up.ts";
import { untilStopped } from "./signals.ts";
import { isHomeless, makeDataDir } from "./standalone.ts";

/** How long a configured service tries an address in use again, in ms, as upstream does. */
const BIND_PATIENCE = 30_000;

/** Serves until a signal; resolves to the exit code. Errors: UsageError, config, database. */
export async function serve(program: Program, line: CommandLine): Promise<number> {
  const { config, standalone } = load(program, line);
  const prog = "glance-api";
  configureLogging(config, prog);
  logStart(config);
  if (standalone && line.dataDir === null && isHomeless(program.env)) {
    getLog("oneglance.start").warn(
      `HOME and XDG_DATA_HOME are not set: data is kept in ${
        config.get("oneglance.data_dir")
      }; name another ` +
        "directory with --data-dir",
    );
  }
  try {
    const hangUp = makeHangUp(config, () => load(program, line).config);
    return await serveConfigured(program, config, { standalone, hangUp });
  } catch (error) {
    // Operators look for the reason in the log file; standard error gets it as well.
    if (error instanceof GlanceError && config.get("DEFAULT.log_file")) {
      getLog("oneglance.start").critical(error.message);
    }
    throw error;
  } finally {
    flushLog();
  }
}

async function serveConfigured(
  program: Program,
  given: Config,
  { standalone, hangUp }: { standalone: boolean; hangUp: () => void },
): Promise<number> {
  const config = withPaste(given, getLog("oneglance.paste"));
  refuseOpenAccess(config, standalone);
  warnOfMissing(config);
  // From here on a signal means a stop in order, also while the parts are still being put together.
  const stopped = untilStopped(hangUp);
  const lifecycle = { stopping: false };
  const files = raiseOpenFiles();
  const host = config.get("DEFAULT.bind_host");
  const port = config.get("DEFAULT.bind_port") ?? 9292;
  const others = otherUsers(config);
  const start = () => listen({ config, lifecycle, files }, host, port);
  const door = await bindAddress(`${host}:${port}`, start, { stopped, standalone, others });
  if (door === null) return 0;
  logOthers(config, standalone, others);
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

function load(program: Program, line: CommandLine): Configured {
  let left: string[] = line.rest;
  const option = (name: string) => {
    const { value, rest } = takeValue(left, name);
    left = rest;
    return value;
  };
  const host = option("--bind-host");
  const port = option("--bind-port");
  const { flags, rest } = takeFlags(left, ["--allow-open-access"] as const);
  refuseRest("serve", rest, ["--bind-host", "--bind-port", "--allow-open-access"]);
  const overrides = {
    ...line.overrides,
    ...(host === null ? {} : { "DEFAULT.bind_host": host }),
    ...(port === null ? {} : { "DEFAULT.bind_port": port }),
    ...(flags.has("--allow-open-access") ? { "oneglance.allow_open_access": "true" } : {}),
  };
  return configure(program, { ...line, overrides }, "glance-api", { start: true });
}

/** Other processes that have the database open; none when it is not a file, or does not exist yet. */
function otherUsers(config: Config): FileUser[] {
  const path = databaseFile(config);
  return path === null ? [] : otherUsersOf(path);
}

/** Several processes may serve one database, but a second stand-alone start is hardly meant. */
function logOthers(config: Config, standalone: boolean, others: readonly FileUser[]): void {
  if (others.length === 0) return;
  const log = getLog("oneglance.start");
  const text = `the database ${databaseFile(config)} is open in ${describeUsers(others)} as well`;
  if (standalone) log.warn(`${text}; stop one of them if that is not meant`);
  else log.info(text);
}

function logStart(config: Config): void {
  const log = getLog("oneglance.start");
  log.info(`oneglance ${BUILD_VERSION} starts; configuration: ${config.files.join(", ") || "none"}`);
  const workers = config.get("DEFAULT.workers") ?? 0;
  if (workers > 1) log.info(`workers = ${workers}: one process serves; the option has no effect`);
}

/** Errors: config, when all who reach the address would be administrators and no option allows that. */
function refuseOpenAccess(config: Config, standalone: boolean): void {
  const host = config.get("DEFAULT.bind_host");
  const open = !readFlavor(config.get("paste_deploy.flavor")).keystone;
  if (!open || isLoopback(host) || config.get("oneglance.allow_open_access")) return;
  const chosen = config.isSet("paste_deploy.flavor") ? `${config.source("paste_deploy.flavor")}: ` : "";
  const what = `${chosen}Without authentication everybody who reaches ${host} would be an administrator.`;
  const advice = standalone
    ? "Listen on 127.0.0.1, or say --allow-open-access (OS_ONEGLANCE__ALLOW_OPEN_ACCESS=true in the environment) " +
      "if that is what you want."
    : "Set [paste_deploy] flavor = keystone, or bind_host = 127.0.0.1, or [oneglance] allow_open_access = true (or " +
      "say --allow-open-access) if that is what you want.";
  fail("config", `${what} ${advice}`);
}

/** Warns of a part of the pipeline that oneglance does not have and whose absence costs only speed. */
function warnOfMissing(config: Config): void {
  if (!readFlavor(config.get("paste_deploy.flavor")).cache) return;
  const directory = config.get("DEFAULT.image_cache_dir");
  getLog("oneglance.start").warn(
    `${
      config.source("paste_deploy.flavor")
    }: the image cache is not there yet: images are read from their stores ` +
      `each time${directory === null ? "" : `, nothing is kept in image_cache_dir ${directory}`}`,
  );
}

async function run(
  program: Program,
  config: Config,
  { deps }: Composition,
  { door, stopped, standalone }: Begun,
): Promise<number> {
  const jobs = await startJobs(deps);
  const server = door.open(deps);
  const images = standalone ? await deps.db.read.usage.totals() : null;
  program.out(banner({ server: door, config, summary: deps.auth.summary, images }));
  await stopped;
  const log = getLog("oneglance.server");
  log.info("stopping");
  const seconds = config.get("oneglance.graceful_shutdown_timeout");
  const clean = await server.stop(seconds * 1000);
  await jobs.close();
  log.info(clean ? "stopped" : "stopped; some requests were aborted");
  return 0;
}

/**
 * Binds the address. A configured service retries for a while when it is in use: its predecessor may be ending.
 * Null when `stopped` came first. Errors: config when the address cannot be had.
 */
async function bindAddress(
  address: string,
  start: () => Door,
  { stopped, standalone, others }: Pick<Begun, "stopped" | "standalone"> & { others: readonly FileUser[] },
): Promise<Door | null> {
  const deadline = Date.now() + (standalone ? 0 : BIND_PATIENCE);
  for (let logged = false;; logged = true) {
    try {
      return start();
    } catch (error) {
      const busy = error instanceof Deno.errors.AddrInUse;
      if (!busy || Date.now() >= deadline) {
        const reason = `Cannot listen on ${address}: ${(error as Error).message}.`;
        const served = busy && others.length > 0
          ? ` The same data is served by ${describeUsers(others)} already.`
          : "";
        fail(
          "config",
          `${reason}${served} Set bind_host and bind_port (or --bind-host and --bind-port) to an address of this ` +
            "machine that is free.",
        );
      }
      const seconds = BIND_PATIENCE / 1000;
      if (!logged) getLog("oneglance.server").warn(`${address} is in use; trying again for ${seconds} s`);
      const again = new Promise((resolve) => setTimeout(resolve, 500)).then(() => true);
      if (!await Promise.race([again, stopped.then(() => false)])) return null;
    }
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

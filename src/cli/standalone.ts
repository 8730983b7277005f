/** A start without configuration: all data in one directory, on loopback, open to every user of this machine. */
import { join, resolve } from "node:path";
import { fail } from "../errors.ts";

/** The default directory of the data of a stand-alone start. */
export function defaultDataDir(env: Record<string, string>): string {
  if (env.XDG_DATA_HOME) return join(env.XDG_DATA_HOME, "oneglance");
  return env.HOME ? join(env.HOME, ".local", "share", "oneglance") : "/var/lib/oneglance";
}

/** Whether no home directory is set, so that data goes to a directory of the machine. */
export function isHomeless(env: Record<string, string>): boolean {
  return !env.XDG_DATA_HOME && !env.HOME && !env.OS_ONEGLANCE__DATA_DIR;
}

/** Whether the directory contains the data of a stand-alone start. */
export function hasData(dataDir: string): boolean {
  try {
    return Deno.statSync(databaseIn(dataDir)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

function databaseIn(dataDir: string): string {
  return join(resolve(dataDir), "glance.sqlite");
}

/** Creates the directory. Errors: config. */
export function makeDataDir(path: string | null): void {
  if (path === null) return;
  try {
    Deno.mkdirSync(path, { recursive: true, mode: 0o750 });
  } catch (error) {
    fail(
      "config",
      `${path}: the data cannot be kept there (${
        (error as Error).message
      }); name another directory by --data-dir.`,
    );
  }
}

/** The environment with defaults for variables that are not set. */
export function standaloneEnv(env: Record<string, string>, dataDir: string): Record<string, string> {
  const root = resolve(dataDir);
  return {
    OS_DEFAULT__BIND_HOST: "127.0.0.1",
    OS_DATABASE__CONNECTION: `sqlite:///${databaseIn(root)}`,
    OS_GLANCE_STORE__FILESYSTEM_STORE_DATADIR: join(root, "images"),
    OS_DEFAULT__NODE_STAGING_URI: `file://${join(root, "staging")}`,
    OS_ONEGLANCE__DATA_DIR: root,
    ...env,
  };
}

import { isAbsolute, join } from "node:path";
import { fail } from "../errors.ts";

/** A configuration file, or a directory of `*.conf` files. */
export interface ConfigSource {
  readonly kind: "file" | "dir";
  readonly path: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the directories searched for configuration and companion files, in order (docs/reference/configuration.md §1.4). */
export function defaultSearchPath(env: Env): string[] {
  const path = [];
  if (env.HOME) path.push(join(env.HOME, ".glance"), env.HOME);
  path.push("/etc/glance", "/etc");
  if (env.SNAP_COMMON) path.push(join(env.SNAP_COMMON, "etc", "glance"));
  if (env.SNAP) path.push(join(env.SNAP, "etc", "glance"));
  return path;
}

/** Returns the files that a program reads when the command line names none (docs/reference/configuration.md §1.4). */
export function defaultSources(prog: string, env: Env, searchPath: readonly string[]): ConfigSource[] {
  if (prog === "glance-cache-manage") return [];
  if (prog === "glance-api" && env.OS_GLANCE_CONFIG_DIR) return wsgiSources(env.OS_GLANCE_CONFIG_DIR);
  const names = namesOf(prog);
  const files = names.map((name) => first(searchPath, `${name}.conf`, isFile));
  const dirs = names.map((name) => first(searchPath, `${name}.conf.d`, isDirectory));
  const sources: ConfigSource[] = [];
  for (const [index, path] of files.entries()) {
    if (path === null) continue;
    // Under WSGI upstream reads this file before glance-api.conf, which therefore wins.
    const beside = join(path, "..", "glance-image-import.conf");
    if (names[index] === "glance-api" && isFile(beside)) sources.push({ kind: "file", path: beside });
    sources.push({ kind: "file", path });
  }
  for (const path of dirs) if (path !== null) sources.push({ kind: "dir", path });
  return sources;
}

function wsgiSources(directory: string): ConfigSource[] {
  const imports = join(directory, "glance-image-import.conf");
  const main: ConfigSource = { kind: "file", path: join(directory, "glance-api.conf") };
  return isFile(imports) ? [{ kind: "file", path: imports }, main] : [main];
}

function namesOf(prog: string): string[] {
  if (prog === "glance-manage") return ["glance", "glance-api", "glance-manage"];
  if (/^glance-cache-(cleaner|pruner|prefetcher)$/.test(prog)) {
    return ["glance", "glance-api", "glance-cache"];
  }
  return ["glance", prog];
}

/**
 * Returns the files of `sources` in reading order; a directory stands for its `*.conf` files, sorted by name.
 * @throws GlanceError `config` when a file or directory does not exist.
 */
export function listFiles(sources: readonly ConfigSource[], env: Env): string[] {
  return sources.flatMap(({ kind, path: given }) => {
    const path = expand(given, env);
    if (kind === "file") return isFile(path) ? [path] : fail("config", `${path}: no such configuration file`);
    if (!isDirectory(path)) fail("config", `${path}: no such configuration directory`);
    const names = [...Deno.readDirSync(path)].map((each) => each.name).filter((name) =>
      name.endsWith(".conf")
    );
    return names.sort().map((name) => join(path, name)).filter(isFile);
  });
}

/** Returns the first existing `directory/name`; an absolute name is used as it is. Null when none exists. */
export function findFile(name: string, directories: readonly string[], env: Env): string | null {
  const wanted = expand(name, env);
  if (isAbsolute(wanted)) return isFile(wanted) ? wanted : null;
  return first(directories, wanted, isThere);
}

/** Replaces `~` at the start by the home directory. */
export function expand(path: string, env: Env): string {
  return env.HOME && (path === "~" || path.startsWith("~/")) ? join(env.HOME, path.slice(1)) : path;
}

function first(directories: readonly string[], name: string, fits: (path: string) => boolean): string | null {
  return directories.map((directory) => join(directory, name)).find(fits) ?? null;
}

function isFile(path: string): boolean {
  return stat(path)?.isDirectory === false;
}

function isDirectory(path: string): boolean {
  return stat(path)?.isDirectory === true;
}

function isThere(path: string): boolean {
  return stat(path) !== null;
}

function stat(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

/** Returns the text of a file. @throws GlanceError `config` when it cannot be read. */
export function readText(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
  } catch (error) {
    const reason = error instanceof TypeError
      ? "expected UTF-8 text"
      : `cannot be read: ${(error as Error).message}`;
    fail("config", `${path}: ${reason}`, { cause: error });
  }
}

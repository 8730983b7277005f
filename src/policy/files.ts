/** Finds and reads the policy files of the operator (docs/reference/policy.md §2). */
import { dirname, isAbsolute, join } from "node:path";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import { parsePolicyFile } from "./policy_file.ts";
import type { Override } from "./rule_set.ts";

export type PolicyConfig = Pick<Config, "get" | "findFile" | "lookIn">;

/** The policy files in use. */
interface PolicyPlace {
  /** In the order in which they apply. */
  files: string[];
  /** The files, and the folders in which another may appear. */
  watched: string[];
}

/** A policy file and its text. */
export interface ReadFile {
  path: string;
  text: string;
}

/**
 * The policy files in use: `policy_file`, then those of each of `policy_dirs`, sorted by name, without hidden files and
 * sub-directories.
 */
export function findPolicyFiles(config: PolicyConfig): PolicyPlace {
  const files: string[] = [];
  const watched = new Set<string>();
  const watchFor = (name: string) => {
    for (const folder of isAbsolute(name) ? [dirname(name)] : config.lookIn) {
      if (exists(folder)) watched.add(folder);
    }
  };
  const file = config.get("oslo_policy.policy_file");
  const found = locate(config, file);
  if (found !== null && stat(found)?.isDirectory === false) files.push(found);
  else watchFor(file);
  for (const name of config.get("oslo_policy.policy_dirs")) {
    const directory = locate(config, name);
    if (directory === null || stat(directory)?.isDirectory !== true) watchFor(name);
    else {
      watched.add(directory);
      files.push(...filesOf(directory));
    }
  }
  return { files, watched: [...files, ...watched] };
}

function locate(config: PolicyConfig, name: string): string | null {
  return isAbsolute(name) ? name : config.findFile(name);
}

function filesOf(directory: string): string[] {
  const names = [...Deno.readDirSync(directory)].map((entry) => entry.name);
  return names.filter((name) => !name.startsWith(".")).sort().map((name) => join(directory, name))
    .filter((path) => stat(path)?.isDirectory === false);
}

function exists(path: string): boolean {
  return stat(path) !== null;
}

function stat(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/** The texts of the files. @throws GlanceError `config` when one cannot be read. */
export function readPolicyFiles(paths: readonly string[]): ReadFile[] {
  return paths.map((path) => ({ path, text: readText(path) }));
}

/**
 * The rules of all files; a later file overrides an earlier one.
 * @throws GlanceError `config` naming file and line when one is malformed.
 */
export function parsePolicyFiles(
  files: readonly ReadFile[],
): { overrides: Map<string, Override>; warnings: string[] } {
  const overrides = new Map<string, Override>();
  const warnings: string[] = [];
  for (const { path, text } of files) {
    const parsed = parsePolicyFile(text, path);
    for (const [name, override] of parsed.overrides) overrides.set(name, override);
    warnings.push(...parsed.warnings);
  }
  return { overrides, warnings };
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    fail("config", `The policy file ${path} cannot be read.`, { cause });
  }
}

/** A `policy.json` that older releases read and this one does not, or null. */
export function forgottenJson(config: PolicyConfig, files: readonly string[]): string | null {
  const beside = files[0] === undefined ? null : join(dirname(files[0]), "policy.json");
  const path = config.findFile("policy.json") ?? (beside !== null && exists(beside) ? beside : null);
  return path !== null && !files.includes(path) ? path : null;
}

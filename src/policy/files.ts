/** The policy files of the operator: where they are, whether they changed, what stands in them (spec/policy.md §2). */
import { dirname, isAbsolute, join } from "node:path";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import { parsePolicyFile } from "./policy_file.ts";
import type { Override } from "./rule_set.ts";

/** What policy asks of the configuration. */
export type PolicyConfig = Pick<Config, "get" | "findFile">;

/** A policy file as it lies on the disk. */
export interface FoundFile {
  path: string;
  /** Changes when the file does. */
  stamp: string;
}

/**
 * The files that hold now, in the order in which they apply: `policy_file`, then those of each of `policy_dirs`,
 * sorted by name, without hidden files and sub-directories.
 */
export function findPolicyFiles(config: PolicyConfig): FoundFile[] {
  const paths: string[] = [];
  const file = locate(config, config.get("oslo_policy.policy_file"));
  if (file !== null) paths.push(file);
  for (const name of config.get("oslo_policy.policy_dirs")) {
    const directory = locate(config, name);
    if (directory !== null) paths.push(...filesOf(directory));
  }
  return paths.flatMap((path) => {
    const info = stat(path);
    if (info === null || info.isDirectory) return [];
    return { path, stamp: `${info.mtime?.getTime()} ${info.size} ${info.ino}` };
  });
}

function locate(config: PolicyConfig, name: string): string | null {
  return isAbsolute(name) ? name : config.findFile(name);
}

function filesOf(directory: string): string[] {
  if (stat(directory)?.isDirectory !== true) return [];
  const names = [...Deno.readDirSync(directory)].map((entry) => entry.name);
  return names.filter((name) => !name.startsWith(".")).sort().map((name) => join(directory, name));
}

function stat(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

/**
 * Reads all files; a later file overrides an earlier one.
 * @throws GlanceError `config` naming file and line when one cannot be read or understood.
 */
export function readPolicyFiles(
  files: readonly FoundFile[],
): { overrides: Map<string, Override>; warnings: string[] } {
  const overrides = new Map<string, Override>();
  const warnings: string[] = [];
  for (const { path } of files) {
    const parsed = parsePolicyFile(readText(path), path);
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

/** A `policy.json` that older releases would have read and this one does not, or null. */
export function forgottenJson(config: PolicyConfig, files: readonly FoundFile[]): string | null {
  const beside = files[0] === undefined ? null : join(dirname(files[0].path), "policy.json");
  const path = config.findFile("policy.json") ?? (beside !== null && stat(beside) !== null ? beside : null);
  return path !== null && !files.some((file) => file.path === path) ? path : null;
}

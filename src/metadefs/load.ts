/** Loads catalogue files (docs/reference/metadefs-api.md §11.2). */
import { join } from "node:path";
import type { Database } from "../../db/database.ts";
import type { LoadMode, LoadOutcome, NewNamespace } from "../../db/metadef_records.ts";
import { fail, isError } from "../errors.ts";
import { UsageError } from "../util/arguments.ts";
import { readCatalogueFile } from "./catalogue_file.ts";

export interface LoadFlags {
  merge: boolean;
  preferNew: boolean;
  overwrite: boolean;
}

/** The result of one file. */
export type Loaded =
  | { file: string; namespace: string; outcome: LoadOutcome }
  | { file: string; problem: string };

/** Errors: UsageError for flags that cannot be combined. */
export function loadMode({ merge, preferNew, overwrite }: LoadFlags): LoadMode {
  if (preferNew && overwrite) {
    throw new UsageError("Please provide no more than one option from this list: --prefer_new, --overwrite");
  }
  if ((preferNew || overwrite) && !merge) {
    throw new UsageError(
      "To use --prefer_new or --overwrite you need to combine of these options with --merge option.",
    );
  }
  return overwrite ? "overwrite" : preferNew ? "prefer_new" : merge ? "merge" : "keep";
}

/**
 * Loads a file, or every `*.json` of a folder in order of name. Each file is one transaction; an invalid file does not
 * stop the others. Errors: bad_request, if there is nothing to load.
 */
export async function loadFiles(db: Database, path: string, mode: LoadMode): Promise<Loaded[]> {
  const results: Loaded[] = [];
  for (const file of await jsonFiles(path)) results.push(await loadFile(db, file, mode));
  return results;
}

/** Loads the built-in namespaces. */
export async function loadNamespaces(
  db: Database,
  namespaces: readonly NewNamespace[],
  mode: LoadMode,
): Promise<LoadOutcome[]> {
  return await Promise.all(namespaces.map((file) => db.write.metadefs.load({ file, mode })));
}

async function loadFile(db: Database, file: string, mode: LoadMode): Promise<Loaded> {
  let namespace: NewNamespace;
  try {
    namespace = readCatalogueFile(JSON.parse(await Deno.readTextFile(file)));
  } catch (error) {
    if (error instanceof SyntaxError) return { file, problem: `it is not JSON: ${error.message}` };
    if (isError(error, "bad_request") || error instanceof Error && "code" in error) {
      return { file, problem: error.message };
    }
    throw error;
  }
  const outcome = await db.write.metadefs.load({ file: namespace, mode });
  return { file, namespace: namespace.columns.namespace, outcome };
}

async function jsonFiles(path: string): Promise<string[]> {
  let names: string[];
  try {
    if ((await Deno.stat(path)).isFile) return [path];
    names = Array.from(Deno.readDirSync(path), (entry) => entry.name);
  } catch (error) {
    fail("bad_request", `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const files = names.filter((name) => name.endsWith(".json")).toSorted().map((name) => join(path, name));
  if (files.length === 0) fail("bad_request", `There is no metadefs file (*.json) in ${path}.`);
  return files;
}

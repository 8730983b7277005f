/** Writes every namespace to a catalogue file (docs/reference/metadefs-api.md §11.2). */
import type { Database } from "../../db/database.ts";
import type { NamespaceRecord } from "../../db/metadef_records.ts";
import { ADMIN_VIEWER } from "../../db/records.ts";
import { fail } from "../errors.ts";
import { catalogueFile, catalogueFileName } from "./catalogue_file.ts";

/**
 * Writes `<prefix><display name>.json` for each namespace, replacing existing files, and returns the paths. `prefix` is
 * prepended unchanged, so a folder must end with `/`. If two display names are equal, the second file is named after the
 * namespace. Errors: internal, if a file cannot be written.
 */
export async function exportFiles(db: Database, prefix: string): Promise<string[]> {
  const written = new Set<string>();
  for (const namespace of await everyNamespace(db)) {
    const contents = await db.read.metadefs.contents({ namespaceId: namespace.id });
    const path = freePath(prefix, namespace, written);
    try {
      await Deno.writeTextFile(path, `${JSON.stringify(catalogueFile(namespace, contents))}\n`);
    } catch (error) {
      fail("internal", `${path} cannot be written: ${(error as Error).message}`, { cause: error });
    }
    written.add(path);
  }
  return [...written];
}

function freePath(prefix: string, namespace: NamespaceRecord, taken: ReadonlySet<string>): string {
  const own = catalogueFileName({ ...namespace, display_name: null });
  const candidates = [catalogueFileName(namespace), own, `${namespace.id}${own}`];
  return candidates.map((name) => prefix + name).find((path) => !taken.has(path))!;
}

const PAGE = 500;

/** Returns the namespaces of all owners, by name. */
export async function everyNamespace(db: Database): Promise<NamespaceRecord[]> {
  const all: NamespaceRecord[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await db.read.metadefs.namespaces({
      viewer: ADMIN_VIEWER,
      sort: { key: "namespace", dir: "asc" },
      limit: PAGE,
      ...(last ? { after: last.id } : {}),
    });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

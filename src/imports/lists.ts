/** The two lists of stores that clients follow an import by (spec/images-api.md §2.8.3). */
import type { ImageRecord } from "../../db/records.ts";

const IMPORTING = "os_glance_importing_to_stores";
const FAILED = "os_glance_failed_import";

const parse = (text: string | null | undefined) => (text ?? "").split(",").filter((id) => id !== "");
const format = (ids: Iterable<string>) => [...new Set(ids)].sort().join(",");
const named = (ids: readonly (string | null)[]) => ids.filter((id) => id !== null);

export function failedStores(image: ImageRecord): string[] {
  return parse(image.properties[FAILED]);
}

/** Both properties when `importing` are still to do and `failed` have failed. The single store has no name. */
export function listProperties(
  importing: readonly (string | null)[],
  failed: readonly (string | null)[],
): Record<string, string> {
  return { [IMPORTING]: format(named(importing)), [FAILED]: format(named(failed)) };
}

/** Where copy-image takes the data from (spec/background-jobs.md §4.2). */
import type { ImageRecord, LocationRecord } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import type { TaskRun } from "../tasks/start.ts";

/** The locations to try, that of the default store first. */
export function copySources({ stores }: Pick<Deps, "stores">, image: ImageRecord): LocationRecord[] {
  const ordered = stores.order(image.locations).filter((location) => stores.forLocation(location) !== null);
  const first = ordered.filter((location) => stores.forLocation(location) === stores.default);
  return [...first, ...ordered.filter((location) => !first.includes(location))];
}

/** Errors: those of the store's read. */
export async function readFrom(
  { ctx }: TaskRun,
  location: LocationRecord,
): Promise<ReadableStream<Uint8Array>> {
  const store = ctx.deps.stores.forLocation(location) ?? fail("store_not_found");
  return (await store.read(location.url)).body;
}

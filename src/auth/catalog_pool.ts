/** Keeps one copy of a catalog that many tokens share: a cloud's catalog is larger than all else in a token. */
import { createHash } from "node:crypto";
import type { Service } from "./keystone_answers.ts";

/** Different catalogs remembered; they differ by project where URLs hold the project's id. */
const CAPACITY = 512;

/** Gives the copy that was seen first, and forgets the one seen first of all when there are too many. */
export type PoolCatalog = (catalog: readonly Service[]) => readonly Service[];

/** Makes a pool. */
export function makeCatalogPool(capacity = CAPACITY): PoolCatalog {
  const known = new Map<string, readonly Service[]>();
  return (catalog) => {
    const key = createHash("sha256").update(JSON.stringify(catalog)).digest("base64");
    const same = known.get(key);
    if (same !== undefined) return same;
    if (known.size >= capacity) known.delete(known.keys().next().value!);
    known.set(key, catalog);
    return catalog;
  };
}

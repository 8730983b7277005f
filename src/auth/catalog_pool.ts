/** Keeps one copy of a catalog that many tokens share: a catalog is larger than everything else in a token. */
import { createHash } from "node:crypto";
import { Lru } from "../util/lru.ts";
import type { Service } from "./keystone_answers.ts";

/** Catalogs kept at most; they differ by project where URLs contain the project's id. */
const CAPACITY = 512;

/** Returns the kept copy of an equal catalog. */
export type PoolCatalog = (catalog: readonly Service[]) => readonly Service[];

export function makeCatalogPool(capacity = CAPACITY): PoolCatalog {
  const known = new Lru<string, readonly Service[]>(capacity);
  return (catalog) => {
    const key = createHash("sha256").update(JSON.stringify(catalog)).digest("base64");
    const same = known.get(key);
    if (same !== undefined) return same;
    known.set(key, catalog);
    return catalog;
  };
}

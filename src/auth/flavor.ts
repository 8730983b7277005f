/** `[paste_deploy] flavor` (docs/reference/configuration.md §4). */
import { fail } from "../errors.ts";

interface Flavor {
  readonly keystone: boolean;
  readonly cache: boolean;
  readonly cacheManage: boolean;
}

const FLAVORS: Readonly<Record<string, Flavor>> = {
  "": { keystone: false, cache: false, cacheManage: false },
  "caching": { keystone: false, cache: true, cacheManage: false },
  "cachemanagement": { keystone: false, cache: true, cacheManage: true },
  "keystone": { keystone: true, cache: false, cacheManage: false },
  "keystone+caching": { keystone: true, cache: true, cacheManage: false },
  "keystone+cachemanagement": { keystone: true, cache: true, cacheManage: true },
};

/**
 * The features of the configured flavor; null and the empty text mean the open mode.
 * @throws GlanceError `config` for an unknown name: a misspelled one must not open the service
 */
export function readFlavor(name: string | null): Flavor {
  const known = Object.hasOwn(FLAVORS, name ?? "") ? FLAVORS[name ?? ""] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(FLAVORS).filter((each) => each !== "").join(", ");
  return fail("config", `[paste_deploy] flavor "${name}" is not known: use ${names}, or leave it unset.`);
}

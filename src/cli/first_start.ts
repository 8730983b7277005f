/** The first start of a stand-alone service: its database does not exist yet, and gets the shipped catalogue. */
import type { Config } from "../config/config.ts";
import type { Deps } from "../deps.ts";
import { shippedNamespaces } from "../metadefs/catalogue.ts";
import { loadNamespaces } from "../metadefs/load.ts";

/** The database's file; null for a database without one. */
export function databaseFile(config: Config): string | null {
  return /^sqlite:\/\/\/(.+)$/.exec(config.get("database.connection") ?? "")?.[1] ?? null;
}

/** Whether the database's file does not exist yet. */
export function isFirstStart(config: Config): boolean {
  const path = databaseFile(config);
  if (path === null) return false;
  try {
    Deno.statSync(path);
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** Loads the shipped catalogue; afterwards the operator may change or unload it. */
export async function loadShipped({ db }: Pick<Deps, "db">): Promise<void> {
  await loadNamespaces(db, shippedNamespaces(), "keep");
}

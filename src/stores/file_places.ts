import { statfs } from "node:fs";
import { promisify } from "node:util";
import { fail, GlanceError } from "../errors.ts";
import { DIRECTORY_GONE, systemCode, within } from "./file_errors.ts";
import { temporaryName } from "./file_temporary.ts";

/** A directory that takes images. */
export interface Place {
  /** Absolute, without trailing slash. */
  path: string;
  priority: number;
}

/** The directories of a file store, highest priority first, and why the store takes no data, or null. */
export interface Places {
  places: Place[];
  readOnly: string | null;
}

/**
 * Reads `filesystem_store_datadir` and `filesystem_store_datadirs` (spec/stores.md §2.1). `warn` hears of a
 * directory listed twice. Whatever is wrong makes the store read-only.
 */
export function parsePlaces(
  datadir: string,
  datadirs: readonly string[],
  warn: (text: string) => void,
): Places {
  const wrong = (readOnly: string): Places => ({ places: [], readOnly });
  if (datadir !== "" && datadirs.length > 0) {
    return wrong("Specify either 'filesystem_store_datadir' or 'filesystem_store_datadirs', not both.");
  }
  if (datadir !== "") return { places: [{ path: trimSlash(datadir), priority: 0 }], readOnly: null };
  if (datadirs.length === 0) {
    return wrong("Specify at least 'filesystem_store_datadir' or 'filesystem_store_datadirs'.");
  }
  const seen = new Map<string, number>();
  for (const entry of datadirs) {
    const colon = entry.lastIndexOf(":");
    const path = trimSlash((colon < 0 ? entry : entry.slice(0, colon)).trim());
    const text = colon < 0 ? "" : entry.slice(colon + 1).trim();
    if (!/^([+-]?\d+)?$/.test(text)) {
      return wrong(`Invalid priority value ${text} in filesystem_store_datadirs.`);
    }
    if (path === "") return wrong("An entry of filesystem_store_datadirs has no directory.");
    const priority = Number(text);
    const before = seen.get(path);
    if (before === priority) warn(`Directory ${path} stands twice in filesystem_store_datadirs.`);
    else if (before !== undefined) {
      return wrong(`Directory ${path} stands in filesystem_store_datadirs with two priorities.`);
    }
    seen.set(path, priority);
  }
  const places = [...seen].map(([path, priority]) => ({ path, priority }));
  return { places: places.toSorted((a, b) => b.priority - a.priority), readOnly: null };
}

/**
 * Creates a directory when it is missing, lets those in who may read its files by `filePerm`, and makes sure that
 * files can be written in it. Returns why not, or null.
 */
export async function preparePlace(
  path: string,
  filePerm: number,
  warn: (text: string) => void,
): Promise<string | null> {
  if (!path.startsWith("/")) return `Directory ${path} is not an absolute path.`;
  try {
    await Deno.mkdir(path, { recursive: true });
    const mode = ((await Deno.stat(path)).mode ?? 0) & 0o7777;
    const open = mode | (filePerm & 0o070 ? 0o010 : 0) | (filePerm & 0o007 ? 0o001 : 0);
    if (open !== mode) {
      await Deno.chmod(path, open).catch((error) =>
        warn(`The mode of ${path} cannot be set: ${text(error)}`)
      );
    }
  } catch (error) {
    return `Directory ${path} cannot be used: ${text(error)}`;
  }
  const probe = `${path}/${temporaryName("probe")}`;
  try {
    (await Deno.open(probe, { write: true, createNew: true })).close();
    await Deno.remove(probe);
  } catch (error) {
    // A full disk may have room again when an upload comes.
    if (systemCode(error) !== "ENOSPC" && systemCode(error) !== "EDQUOT") {
      return `Permission to write in ${path} denied: ${text(error)}`;
    }
  }
  return null;
}

/**
 * The directory for `size` bytes: in the highest priority that has room the one with most.
 * Errors: store_full, store_write_denied where all are gone, store_timeout.
 */
export async function choosePlace(places: readonly Place[], size: number, timeout: number): Promise<string> {
  let best: { place: Place; free: number } | undefined;
  let seen = false;
  for (const place of places) {
    if (best !== undefined && place.priority < best.place.priority) break;
    const free = await freeBytes(place.path, timeout);
    if (free === null) continue;
    seen = true;
    if (free > 0 && free >= size && free > (best?.free ?? 0)) best = { place, free };
  }
  if (best !== undefined) return best.place.path;
  if (!seen) fail("store_write_denied", DIRECTORY_GONE);
  fail(
    "store_full",
    `There is no enough disk space left on the image storage media. requested=${size}`,
  );
}

/** Bytes that may still be written there; null where there is no such directory. Errors: store_timeout. */
export async function freeBytes(path: string, timeout: number): Promise<number | null> {
  try {
    const { bavail, bsize } = await within(timeout, promisify(statfs)(path));
    return bavail * bsize;
  } catch (error) {
    if (error instanceof GlanceError) throw error;
    return null;
  }
}

function trimSlash(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { randomBytes } from "node:crypto";
import { GlanceError } from "../errors.ts";
import { fateOf, PROCESS_NAME, processName } from "../util/process_name.ts";
import { syncDirectory } from "./file_commit.ts";
import { systemCode } from "./file_errors.ts";

/** Files being written are hidden beside the final name: `.NAME.PROCESS.RANDOM.tmp`. */
const PATTERN = new RegExp(`^\\.(.+)\\.(${PROCESS_NAME})\\.[0-9a-f]{12}\\.tmp$`);

/** Milliseconds since the last write after which a file counts as orphaned if its process is out of sight. */
const STALE = 24 * 3600 * 1000;

/** Returns a new temporary name for the data of `name`. */
export function temporaryName(name: string): string {
  return `.${name}.${processName()}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Whether `file` is a temporary name for the data of `name`, from any process. */
function isTemporaryOf(file: string, name: string): boolean {
  return PATTERN.exec(file)?.[1] === name;
}

async function isOrphaned(path: string, name: string): Promise<boolean> {
  const writer = PATTERN.exec(name)?.[2];
  if (writer === undefined) return false;
  const fate = fateOf(writer);
  if (fate !== "unseen") return fate === "dead";
  const { mtime } = await Deno.stat(path);
  return mtime !== null && Date.now() - mtime.getTime() > STALE;
}

/**
 * Removes unfinished files of dead processes from `datadirs` and returns their paths. The file of a living process
 * stays; if its process is out of sight (another machine or container), the file goes a day after its last write.
 * Unreadable directories are skipped.
 */
export async function sweepTemporary(datadirs: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const datadir of datadirs) {
    try {
      for await (const { name, isFile } of Deno.readDir(datadir)) {
        const path = `${datadir}/${name}`;
        if (!isFile || !await isOrphaned(path, name).catch(() => false)) continue;
        await Deno.remove(path).then(() => removed.push(path), () => {});
      }
    } catch {
      continue;
    }
  }
  return removed;
}

/**
 * Removes the file `name` and its temporary files from `directory`, durably, and returns their paths; none if the
 * directory does not exist. Errors: internal.
 */
export async function discardFiles(directory: string, name: string): Promise<string[]> {
  const removed: string[] = [];
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isFile || (entry.name !== name && !isTemporaryOf(entry.name, name))) continue;
      const path = `${directory}/${entry.name}`;
      await Deno.remove(path).catch((error) => {
        // Its writer removed it first.
        if (systemCode(error) !== "ENOENT") throw error;
      });
      removed.push(path);
    }
    // Without this, a power loss could bring back files that no image refers to.
    if (removed.length > 0) await syncDirectory(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return removed;
    throw new GlanceError("internal", `What is left of an upload in ${directory} cannot be removed.`, {
      cause: error,
    });
  }
  return removed;
}

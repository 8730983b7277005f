import { randomBytes } from "node:crypto";
import { fateOf, PROCESS_NAME, processName } from "../util/process_name.ts";

/** Files being written stand hidden beside the final name: `.NAME.PROCESS.RANDOM.tmp`. */
const PATTERN = new RegExp(`^\\.(.+)\\.(${PROCESS_NAME})\\.[0-9a-f]{12}\\.tmp$`);

/** Age, in ms since the last write, from which a file of a process we cannot see is a leftover. */
const STALE = 24 * 3600 * 1000;

/** A new temporary name for the data of `name`. */
export function temporaryName(name: string): string {
  return `.${name}.${processName()}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Whether `file` is a temporary name for the data of `name`, of whatever process. */
export function isTemporaryOf(file: string, name: string): boolean {
  return PATTERN.exec(file)?.[1] === name;
}

async function abandoned(path: string, name: string): Promise<boolean> {
  const writer = PATTERN.exec(name)?.[2];
  if (writer === undefined) return false;
  const fate = fateOf(writer);
  if (fate !== "unseen") return fate === "dead";
  const { mtime } = await Deno.stat(path);
  return mtime !== null && Date.now() - mtime.getTime() > STALE;
}

/**
 * Removes files that dead processes left half-written in `datadirs` and returns their paths. A file is left alone
 * while its writer lives; one whose writer cannot be seen (another machine or container) goes a day after its
 * last write. Directories that cannot be read are passed over.
 */
export async function sweepTemporary(datadirs: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const datadir of datadirs) {
    try {
      for await (const { name, isFile } of Deno.readDir(datadir)) {
        const path = `${datadir}/${name}`;
        if (!isFile || !await abandoned(path, name).catch(() => false)) continue;
        await Deno.remove(path).then(() => removed.push(path), () => {});
      }
    } catch {
      continue;
    }
  }
  return removed;
}

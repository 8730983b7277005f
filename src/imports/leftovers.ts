/** Staged files that no image speaks of, looked for at start (spec/background-jobs.md §3). */
import type { Deps } from "../deps.ts";
import { getLog } from "../observe/log.ts";
import { stagedPath } from "./staged.ts";

const log = getLog("oneglance.imports.stage");

/** Capitals as well: ids are kept as they were given, and two that differ in case are two. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Statuses in which staged data may be wanted. */
const IN_USE = ["uploading", "importing"];

/**
 * Removes staged files of images that are gone, and of those that are neither staged nor imported: a process that was
 * taken for dead has left them. Names that are no UUID are not ours. Throws nothing.
 */
export async function removeLeftovers(deps: Pick<Deps, "db" | "stores">): Promise<void> {
  const path = stagedPath(deps, "");
  try {
    for await (const { name, isFile } of Deno.readDir(path)) {
      const id = name.split(".", 1)[0]!;
      if (isFile && UUID.test(id)) await removeUnlessUsed(deps, id, `${path}${name}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      log.error("the staging area cannot be looked through", { error });
    }
  }
}

async function removeUnlessUsed(deps: Pick<Deps, "db">, id: string, path: string): Promise<void> {
  const image = await deps.db.read.image({ id, viewer: { isAdmin: true, projectId: null } });
  if (image && IN_USE.includes(image.status)) return;
  // An import may have begun between the two.
  const leases = await deps.db.read.taskLeases({});
  if (leases.some(({ image_id }) => image_id === id)) return;
  try {
    await Deno.remove(path);
    log.warn(`removed staged data that no image waits for: ${path}`);
  } catch (error) {
    log.error(`staged data that no image waits for cannot be removed: ${path}`, { error });
  }
}

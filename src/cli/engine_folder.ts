/**
 * The folder into which the executable unpacks its database engine: the runtime would take TMPDIR itself, and loads
 * whatever file of the right content it finds there, also another user's, who may change it in between.
 */
import { join } from "node:path";

/** What is wrong with TMPDIR; the text is for the operator. */
export class UnsafeFolder extends Error {
  override name = "UnsafeFolder";
}

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Makes or finds `oneglance-UID` under `parent`, of mode 0700, and returns its absolute path. One for all starts of a
 * user: what a killed process leaves there is used again.
 * @throws UnsafeFolder when somebody besides `uid` and root could change what is in it.
 * @throws Deno.errors.* when it cannot be made.
 */
export function engineFolder(parent: string, uid: number): string {
  // The owner of the root directory is root, also in a user namespace that does not map root.
  const trusted = new Set([0, uid, Deno.lstatSync("/").uid]);
  const real = Deno.realPathSync(parent);
  for (const path of withParents(real)) {
    const { uid: owner, mode } = Deno.lstatSync(path);
    if (!trusted.has(owner!)) throw new UnsafeFolder(`${path} belongs to user ${owner}`);
    // In a sticky directory, as /tmp is, nobody can rename or remove what is ours.
    if ((mode! & WRITABLE_BY_OTHERS) !== 0 && (mode! & STICKY) === 0) {
      throw new UnsafeFolder(`others may write into ${path} (mode ${(mode! & 0o7777).toString(8)})`);
    }
  }
  const folder = join(real, `oneglance-${uid}`);
  try {
    Deno.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { isDirectory, uid: owner, mode } = Deno.lstatSync(folder);
  if (!isDirectory) throw new UnsafeFolder(`${folder} is not a directory`);
  if (owner !== uid) throw new UnsafeFolder(`${folder} belongs to user ${owner}`);
  if ((mode! & WRITABLE_BY_OTHERS) !== 0) {
    throw new UnsafeFolder(`others may write into ${folder} (mode ${(mode! & 0o7777).toString(8)})`);
  }
  for (const { name } of Deno.readDirSync(folder)) removeForeign(join(folder, name), uid);
  return folder;
}

/** From the root directory down to the path itself. */
function withParents(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return ["/", ...names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`)];
}

/** The folder is ours now, but others may have put something into it while it was open to them. */
function removeForeign(path: string, uid: number): void {
  const found = lstatOrNull(path);
  if (!found) return;
  const ours = !found.isSymlink && found.uid === uid && (found.mode! & WRITABLE_BY_OTHERS) === 0;
  if (!ours) Deno.removeSync(path, { recursive: true });
}

/** Null when a second start has just renamed it away. */
function lstatOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

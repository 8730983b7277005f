/**
 * The folder into which the executable unpacks its database engine: the runtime would use TMPDIR itself, and loads any
 * file of the right content there, also another user's, who may change it in between.
 */
import { join } from "node:path";

/** What is wrong with TMPDIR; the text is for the operator. */
export class UnsafeFolder extends Error {
  override name = "UnsafeFolder";
}

const WRITABLE_BY_OTHERS = 0o022;

/**
 * Makes or finds `oneglance-UID` under `parent`, of mode 0700, and returns its absolute path. One for all starts of a
 * user: what a killed process leaves there is used again.
 * @throws UnsafeFolder when that name is another user's, or no directory.
 * @throws Deno.errors.* when it cannot be made.
 */
export function engineFolder(parent: string, uid: number): string {
  const folder = join(Deno.realPathSync(parent), `oneglance-${uid}`);
  try {
    Deno.mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  requireOurs(folder, Deno.lstatSync(folder), uid);
  return folder;
}

interface HeldFolder extends Disposable {
  path: string;
}

/**
 * Opens the folder; as long as it is open, the path leads to it whatever becomes of its name: where others may write
 * into a directory above it, they could put another one in its place. Where there is no /proc, the folder's own path.
 * @throws UnsafeFolder when it is not, or not any more, a directory of `uid`.
 */
export function holdFolder(folder: string, uid: number): HeldFolder {
  const file = Deno.openSync(folder);
  const held = { [Symbol.dispose]: () => file.close() };
  const path = descriptorOf(folder);
  if (path === null) return { ...held, path: folder };
  requireOurs(folder, Deno.statSync(path), uid);
  // Nobody else has had a way in, unless somebody opened the folder to others.
  Deno.chmodSync(path, 0o700);
  for (const { name } of Deno.readDirSync(path)) removeForeign(`${path}/${name}`, uid);
  return { ...held, path };
}

function requireOurs(folder: string, { isDirectory, uid: owner }: Deno.FileInfo, uid: number): void {
  if (!isDirectory) throw new UnsafeFolder(`${folder} is not a directory`);
  if (owner !== uid) throw new UnsafeFolder(`${folder} belongs to user ${owner}`);
}

/** The name under /proc of the file that was opened as `folder`; null where there is none. */
function descriptorOf(folder: string): string | null {
  try {
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      const path = `/proc/self/fd/${name}`;
      if (linkOrNull(path) === folder) return path;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return null;
}

/** Null for the descriptor by which the list itself was read. */
function linkOrNull(path: string): string | null {
  try {
    return Deno.readLinkSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Others may have put something into the folder while it was open to them. */
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

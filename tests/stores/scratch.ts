import { FileStore, type FileStoreOptions } from "../../src/stores/file.ts";
import { HashPool } from "../../src/util/hash_pool.ts";

export const WORKER = new URL("../../src/util/hash_worker.ts", import.meta.url);

/** A folder of its own with what opens file stores in it; `end` removes all. */
export async function scratch() {
  const folder = await Deno.makeTempDir();
  const hashPool = new HashPool(WORKER);
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  const tools = { hashPool, warn, error: warn };
  return {
    folder,
    tools,
    warnings,
    /** Opens a store on `folder`/images unless `options` say otherwise. */
    open: (options: Partial<FileStoreOptions> = {}) =>
      FileStore.open({ id: null, datadir: `${folder}/images`, ...options }, tools),
    async [Symbol.asyncDispose]() {
      hashPool.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Names in a directory, sorted. */
export function names(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/** Handles of this process on files under `folder`. */
export function handlesUnder(folder: string): string[] {
  const targets: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      targets.push(Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The handle of the listing itself.
    }
  }
  return targets.filter((target) => target.startsWith(folder));
}

async function run(program: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args, stdout: "null", stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}

/** Mounts an empty file system of `size` (as mount's tmpfs has it) at `path`; false when we may not. */
export async function mountSmall(path: string, size: string): Promise<boolean> {
  await Deno.mkdir(path, { recursive: true });
  return await run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path);
}

export async function remountReadOnly(path: string): Promise<void> {
  if (!await run("mount", "-o", "remount,ro", path)) throw new Error(`${path} cannot be remounted`);
}

export async function unmount(path: string): Promise<void> {
  if (!await run("umount", path)) throw new Error(`${path} cannot be unmounted`);
}

/** Whether this process may mount; tests that need it are skipped otherwise. */
export async function mayMount(): Promise<boolean> {
  const path = await Deno.makeTempDir();
  const may = await mountSmall(path, "64k");
  if (may) await unmount(path);
  await Deno.remove(path);
  return may;
}

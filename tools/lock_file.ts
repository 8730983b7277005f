/** The part of a deno.lock that this file reads. */
interface LockFile {
  npm: Record<string, { optionalDependencies?: string[]; [name: string]: unknown }>;
}

const MUSL = /-musl(eabihf)?(@|$)/;

/**
 * Returns the lock without the native addons for musl. Deno's runtime needs glibc and cannot load them, but deno embeds
 * them: 10 MB that every start reads and hashes.
 */
export function withoutMusl<T extends LockFile>(lock: T): T {
  const npm = Object.entries(lock.npm).filter(([name]) => !MUSL.test(name)).map(([name, entry]) => [
    name,
    entry.optionalDependencies
      ? { ...entry, optionalDependencies: entry.optionalDependencies.filter((name) => !MUSL.test(name)) }
      : entry,
  ]);
  return { ...lock, npm: Object.fromEntries(npm) };
}

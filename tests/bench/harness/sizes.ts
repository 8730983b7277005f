import { statfsSync } from "node:fs";
import { randomFillSync } from "node:crypto";
import { type Bench, BenchTrouble } from "./measure.ts";

export const MIB = 1024 * 1024;

/** Size of the image of the transfer measures, in MiB. */
export function transferMib(bench: Bench): number {
  return bench.quick ? 128 : 1024;
}

/** Bytes of a transfer as the unit that people compare: MB/s, 10^6 bytes. */
export function megabytesPerSecond(mib: number, seconds: number): number {
  return mib * MIB / 1e6 / seconds;
}

/** `1 GiB`, `128 MiB`. */
export function sizeName(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
}

/** Throws BenchTrouble unless the disk of `dir` has room for so many MiB and a reserve. */
export function requireRoom(dir: string, mib: number): void {
  const { bavail, bsize } = statfsSync(dir);
  const free = Math.floor(bavail * bsize / MIB);
  if (free < mib + 1024) {
    throw new BenchTrouble(`${dir} has ${free} MiB free, ${mib + 1024} are needed (--dir)`);
  }
}

/**
 * A file of random bytes, made once per run and then in the page cache. A random block is repeated: what counts is
 * that no layer below can compress it away, and that it is there quickly.
 */
export async function randomFile(bench: Bench, mib: number): Promise<string> {
  const path = `${bench.files}/random-${mib}.bin`;
  const there = await Deno.stat(path).catch(() => null);
  if (there?.size === mib * MIB) return path;
  requireRoom(bench.files, mib);
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const block = randomFillSync(new Uint8Array(32 * MIB));
  for (let left = mib * MIB; left > 0;) {
    left -= file.writeSync(block.subarray(0, Math.min(left, block.length)));
  }
  // On the disk now, so that writing it back does not disturb what is measured next.
  file.syncSync();
  return path;
}

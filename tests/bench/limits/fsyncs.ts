/** The limit of a durable write: how often per second the disk takes 4 KiB and says that it has them. */
import { randomFillSync } from "node:crypto";

/** Appends 4 KiB and syncs, again and again for `seconds`, to a file in `dir`; gives syncs per second. */
export function fsyncsPerSecond(dir: string, seconds: number): number {
  const path = `${dir}/fsync.bin`;
  const block = randomFillSync(new Uint8Array(4096));
  let syncs = 0;
  try {
    using file = Deno.openSync(path, { write: true, create: true, truncate: true });
    const from = performance.now();
    let now = from;
    while (now - from < seconds * 1000) {
      file.writeSync(block);
      file.syncSync();
      syncs++;
      now = performance.now();
    }
    return syncs / ((now - from) / 1000);
  } finally {
    Deno.removeSync(path);
  }
}

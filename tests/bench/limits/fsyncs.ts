/** The limit of a durable write: how often per second the disk can write and sync 4 KiB. */
import { randomFillSync } from "node:crypto";
import { runCommand } from "../harness/command.ts";
import { onSlowDisk } from "../harness/slow_sync.ts";

/** Appends 4 KiB to a file in `dir` and syncs, repeatedly for `seconds`; returns the syncs per second. */
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

/** The same on the slow disk; returns null where that is not possible. */
export async function slowFsyncsPerSecond(dir: string, seconds: number): Promise<number | null> {
  const command = onSlowDisk([Deno.execPath(), "run", "-A", import.meta.url, dir, String(seconds)]);
  return command && Number((await runCommand(command[0]!, ...command.slice(1))).stdout);
}

if (import.meta.main) console.log(fsyncsPerSecond(Deno.args[0]!, Number(Deno.args[1])));

import { runCommand } from "../harness/command.ts";

/** Seconds to copy a cached file into `dir` and have it on the disk: no durable upload there can be quicker. */
export async function copySeconds(path: string, dir: string): Promise<number> {
  const to = `${dir}/copy.bin`;
  try {
    return (await runCommand("dd", `if=${path}`, `of=${to}`, "bs=1M", "conv=fsync", "status=none")).seconds;
  } finally {
    await Deno.remove(to).catch(() => {});
  }
}

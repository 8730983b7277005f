import { runCommand } from "../harness/command.ts";

/** Returns the seconds to copy a cached file into `dir` and sync it: the limit of a durable upload there. */
export async function copySeconds(path: string, dir: string): Promise<number> {
  const to = `${dir}/copy.bin`;
  try {
    return (await runCommand("dd", `if=${path}`, `of=${to}`, "bs=1M", "conv=fsync", "status=none")).seconds;
  } finally {
    await Deno.remove(to).catch(() => {});
  }
}

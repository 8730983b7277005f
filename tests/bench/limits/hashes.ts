import { runCommand } from "../harness/command.ts";

/** The limit of an upload: returns the seconds that `md5sum` and `sha512sum` of one file take, in parallel. */
export async function hashSeconds(path: string): Promise<number> {
  const from = performance.now();
  await Promise.all([runCommand("md5sum", path), runCommand("sha512sum", path)]);
  return (performance.now() - from) / 1000;
}

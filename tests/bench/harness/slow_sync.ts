import { findProgram } from "./command.ts";

/** How long each sync waits on the slow disk: that of a spinning disk, or of a replicated volume under load. */
export const SYNC_MILLIS = 10;

/**
 * The command as it is run on a disk whose syncs take `SYNC_MILLIS` longer, or null when strace is not installed.
 * Only the sync calls of the program are stopped, so that everything else runs at full speed.
 */
export function onSlowDisk(command: readonly string[]): string[] | null {
  const strace = findProgram("strace");
  if (strace === null) return null;
  const delay = `inject=fsync,fdatasync:delay_exit=${SYNC_MILLIS * 1000}`;
  // -D: the program is our child and gets our signals; strace follows it from aside.
  const follow = ["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"];
  return [strace, ...follow, "-e", delay, ...command];
}

/** Processor time of a process and all below it, from /proc (Linux). */
import { processTree } from "./process_memory.ts";

/** Parts of a second in which /proc counts: USER_HZ, 100 on every Linux that Deno runs on. */
const TICKS = 100;

/** CPU seconds, user and system, that the tree of `pid` has used so far; processes that have ended are not counted. */
export function readCpu(pid: number): number {
  let ticks = 0;
  for (const member of processTree(pid)) {
    try {
      const stat = Deno.readTextFileSync(`/proc/${member}/stat`);
      // The name in parentheses may have blanks; utime and stime are the 12th and 13th field after it (proc(5)).
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch (error) {
      // It ended while we looked.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return ticks / TICKS;
}

/** SIGTERM and SIGINT: the first asks for a stop, a second one ends the process at once. */
import { flushLog } from "../observe/log.ts";

/**
 * How long another signal counts as the same one (ms): Ctrl-C reaches every process of a terminal, and a parent such
 * as npx passes it on too.
 */
const SAME_SIGNAL = 500;

/** Resolves at the first SIGTERM or SIGINT. Each SIGHUP calls `hangUp`. */
export function untilStopped(hangUp: () => void): Promise<void> {
  return new Promise((resolve) => {
    let asked: number | null = null;
    const stop = (code: number) => () => {
      if (asked === null) {
        asked = performance.now();
        resolve();
      } else if (performance.now() - asked > SAME_SIGNAL) {
        flushLog();
        Deno.exit(code);
      }
    };
    Deno.addSignalListener("SIGTERM", stop(143));
    Deno.addSignalListener("SIGINT", stop(130));
    Deno.addSignalListener("SIGHUP", hangUp);
  });
}

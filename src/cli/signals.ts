/** SIGTERM and SIGINT: the first asks for a stop, the second ends the process at once. */
import { flushLog, reopenLog } from "../observe/log.ts";

/** Resolves at the first SIGTERM or SIGINT. SIGHUP makes the log open its file anew. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (code: number) => () => {
      if (asked) {
        flushLog();
        Deno.exit(code);
      }
      asked = true;
      resolve();
    };
    Deno.addSignalListener("SIGTERM", stop(143));
    Deno.addSignalListener("SIGINT", stop(130));
    Deno.addSignalListener("SIGHUP", () => reopenLog());
  });
}

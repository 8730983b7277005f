/** What the program logs. */
import { join } from "node:path";
import { configFrom } from "../../src/config/config.ts";
import { configureLogging } from "../../src/observe/configure_logging.ts";
import { flushLog, setUpLog } from "../../src/observe/log.ts";

/** Nothing is logged. */
export const QUIET = { format: () => "", writers: [], rootLevel: "CRITICAL" as const, levels: new Map() };

/** Configures logging into a file of a temporary folder, calls `use`, and gives what was logged. */
export function logged(options: Record<string, string>, use: (path: string) => void): string {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "x.log");
  try {
    configureLogging(configFrom({ "DEFAULT.log_file": path, ...options }), "glance-api");
    use(path);
    flushLog();
    return Deno.readTextFileSync(path);
  } finally {
    setUpLog(QUIET);
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Captures what the program logs. */
import { join } from "node:path";
import { configFrom } from "../../src/config/config.ts";
import { configureLogging } from "../../src/observe/configure_logging.ts";
import { flushLog, setUpLog } from "../../src/observe/log.ts";
import { textFormatter } from "../../src/observe/log_format.ts";
import type { LevelName } from "../../src/observe/log_record.ts";

/** Settings that log nothing. */
export const QUIET = { format: () => "", writers: [], rootLevel: "CRITICAL" as const, levels: new Map() };

/** Sets up logging into a file of a temporary folder, calls `use`, and returns what was logged. */
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

/** Keeps each line logged from here on, as `LEVEL [REQUEST] text`; further lines of an entry follow as they are. */
export function recordLog(rootLevel: LevelName = "WARNING"): Disposable & { lines(): string[] } {
  let text = "";
  const line = "%(levelname)s [%(request_id)s] %(message)s";
  const format = textFormatter({
    contextFormat: line,
    defaultFormat: line,
    exceptionPrefix: "",
    userIdentity: "",
    dateFormat: "",
  });
  const writer = { write: (line: string) => void (text += line), flush() {}, reopen() {}, close() {} };
  setUpLog({ format, writers: [writer], rootLevel, levels: new Map() });
  return {
    lines: () => text.split("\n").filter((line) => line !== ""),
    [Symbol.dispose]: () => setUpLog(QUIET),
  };
}

/** Logs into a file, with these options, until the test disposes of it. */
export function captureLog(options: Record<string, string> = {}): Disposable & { lines(): string[] } {
  const folder = Deno.makeTempDirSync();
  const path = join(folder, "x.log");
  configureLogging(configFrom({ "DEFAULT.log_file": path, ...options }), "glance-api");
  return {
    lines() {
      flushLog();
      return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
    },
    [Symbol.dispose]() {
      setUpLog(QUIET);
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

import { currentLogContext } from "./context.ts";
import { isExpected } from "./expected.ts";
import { type Formatter, textFormatter } from "./log_format.ts";
import { type LevelName, LEVELS, type LogContext, type LogRecord } from "./log_record.ts";
import type { LogWriter } from "./log_writer.ts";
import { Repeats } from "./repeats.ts";

export type { LogContext } from "./log_record.ts";

/** Optional parts of a line. */
interface LogExtra {
  /** Default: that of the current request or task. */
  readonly context?: LogContext | null;
  /** The line ends with its reason; the stack follows for bugs, and with debug for every error. */
  readonly error?: unknown;
  /** The cause: of its lines only the first in a minute is written, with the number of the others. */
  readonly repeated?: string;
  /** Further fields of JSON lines. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** A logger. Secrets never go into a message; see `mask.ts`. */
export interface Log {
  readonly name: string;
  /** Whether debug lines are written; for messages that are expensive to make. */
  readonly isDebug: boolean;
  debug(message: string, extra?: LogExtra): void;
  info(message: string, extra?: LogExtra): void;
  warn(message: string, extra?: LogExtra): void;
  error(message: string, extra?: LogExtra): void;
  /** For errors that end the program; written at once. */
  critical(message: string, extra?: LogExtra): void;
}

/** Format and destination of lines. */
export interface LogSetup {
  readonly format: Formatter;
  readonly writers: readonly LogWriter[];
  readonly rootLevel: LevelName;
  /** Levels by name of logger; they hold for the loggers below it too. */
  readonly levels: ReadonlyMap<string, LevelName>;
}

const loggers = new Map<string, Logger>();

// Before `configureLogging`: warnings go to standard error without a buffer and its timer.
let setup: LogSetup = {
  format: textFormatter({
    contextFormat: "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s",
    defaultFormat: "%(asctime)s %(levelname)s %(name)s %(message)s",
    exceptionPrefix: "%(asctime)s ERROR %(name)s ",
    userIdentity: "",
    dateFormat: "%Y-%m-%d %H:%M:%S",
  }),
  writers: [{
    write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
    flush: () => {},
    reopen: () => {},
    close: () => {},
  }],
  rootLevel: "WARNING",
  levels: new Map(),
};

class Logger implements Log {
  readonly name: string;
  threshold: number;

  constructor(name: string) {
    this.name = name;
    this.threshold = thresholdOf(name);
  }

  get isDebug(): boolean {
    return this.threshold <= LEVELS.DEBUG;
  }

  debug(message: string, extra?: LogExtra): void {
    if (this.threshold <= LEVELS.DEBUG) this.#write("DEBUG", message, extra);
  }

  info(message: string, extra?: LogExtra): void {
    if (this.threshold <= LEVELS.INFO) this.#write("INFO", message, extra);
  }

  warn(message: string, extra?: LogExtra): void {
    if (this.threshold <= LEVELS.WARNING) this.#write("WARNING", message, extra);
  }

  error(message: string, extra?: LogExtra): void {
    if (this.threshold <= LEVELS.ERROR) this.#write("ERROR", message, extra);
  }

  critical(message: string, extra?: LogExtra): void {
    this.#write("CRITICAL", message, extra);
    flushLog();
  }

  #write(level: LevelName, message: string, extra: LogExtra | undefined): void {
    const error = extra?.error ?? null;
    const record: LogRecord = {
      time: Date.now(),
      level,
      name: this.name,
      message,
      context: extra?.context === undefined ? currentLogContext() : extra.context,
      error,
      explained: error !== null && !this.isDebug && isExpected(error),
      fields: extra?.fields ?? null,
    };
    const cause = extra?.repeated;
    if (cause === undefined || repeats.isFirst(`${level} ${this.name} ${cause}`, record)) put(record);
  }
}

const repeats = new Repeats<LogRecord>((count, last, seconds) =>
  put({
    ...last,
    time: Date.now(),
    message: `${count} more like this within ${seconds} s, the last of them: ${last.message}`,
    explained: true,
  })
);

function put(record: LogRecord): void {
  const text = setup.format(record);
  for (const writer of setup.writers) writer.write(text);
}

/** The logger of that dotted name, for example `oneglance.images`. */
export function getLog(name: string): Log {
  const known = loggers.get(name);
  if (known !== undefined) return known;
  const made = new Logger(name);
  loggers.set(name, made);
  return made;
}

/** Replaces the setup of all loggers, and closes the previous writers. */
export function setUpLog(next: LogSetup): void {
  repeats.flush();
  const previous = setup;
  setup = next;
  for (const logger of loggers.values()) logger.threshold = thresholdOf(logger.name);
  for (const writer of previous.writers) writer.close();
}

/** Replaces the levels only. */
export function setLevels(next: Pick<LogSetup, "rootLevel" | "levels">): void {
  setup = { ...setup, ...next };
  for (const logger of loggers.values()) logger.threshold = thresholdOf(logger.name);
}

/** Writes buffered lines; call before the program ends. */
export function flushLog(): void {
  repeats.flush();
  for (const writer of setup.writers) writer.flush();
}

/** Reopens log files, for SIGHUP after a rotation. */
export function reopenLog(): void {
  for (const writer of setup.writers) writer.reopen();
}

function thresholdOf(name: string): number {
  for (let at = name;; at = at.slice(0, at.lastIndexOf("."))) {
    const level = setup.levels.get(at);
    if (level !== undefined) return LEVELS[level];
    if (!at.includes(".")) return LEVELS[setup.rootLevel];
  }
}

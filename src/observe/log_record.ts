/** Python's levels. */
export const LEVELS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;

/** Name of a level. */
export type LevelName = keyof typeof LEVELS;

/** Whom a line is about. Only these fields are ever written. */
export interface LogContext {
  /** What is done: `PUT /v2/images/ID/file`, or `task ID`. Lines from WARNING on end with it. */
  readonly work?: string | null;
  readonly requestId?: string | null;
  readonly globalRequestId?: string | null;
  readonly userId?: string | null;
  readonly userName?: string | null;
  readonly projectId?: string | null;
  readonly projectName?: string | null;
  readonly domainId?: string | null;
  readonly systemScope?: string | null;
  readonly userDomainId?: string | null;
  readonly projectDomainId?: string | null;
}

/** One line to be. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LevelName;
  /** Of the logger. */
  readonly name: string;
  readonly message: string;
  readonly context: LogContext | null;
  /** What was thrown; null when nothing was. */
  readonly error: unknown;
  /** The reason of the error ends the line in the place of its stack. */
  readonly explained?: boolean;
  /** Further fields, for JSON lines only. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** DEBUG, WARN, warning and so on as a level; null when it is none. */
export function parseLevel(text: string): LevelName | null {
  const name = text.trim().toUpperCase();
  if (name === "WARN") return "WARNING";
  if (name === "FATAL") return "CRITICAL";
  return Object.hasOwn(LEVELS, name) ? name as LevelName : null;
}

/** Python's levels. */
export const LEVELS = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 } as const;

export type LevelName = keyof typeof LEVELS;

/** The request or task of a line. Only these fields are ever written. */
export interface LogContext {
  /** The work in progress: `PUT /v2/images/ID/file`, or `task ID`. Lines from WARNING on end with it. */
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

/** A line before formatting. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: LevelName;
  /** Of the logger. */
  readonly name: string;
  readonly message: string;
  readonly context: LogContext | null;
  /** The thrown value; null without one. */
  readonly error: unknown;
  /** The line ends with the reason of the error instead of its stack. */
  readonly explained?: boolean;
  /** Further fields, for JSON lines only. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** Parses DEBUG, WARN, warning and so on; null for any other text. */
export function parseLevel(text: string): LevelName | null {
  const name = text.trim().toUpperCase();
  if (name === "WARN") return "WARNING";
  if (name === "FATAL") return "CRITICAL";
  return Object.hasOwn(LEVELS, name) ? name as LevelName : null;
}

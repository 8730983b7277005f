import { GlanceError } from "../../src/errors.ts";

const BUSY = /^SQLITE_(BUSY|LOCKED)|^TRANSACTION_TIMEOUT$/;

/** The engine's own name of an error, such as `SQLITE_CONSTRAINT_UNIQUE`; empty when it has none. */
export function engineCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** Whether another process or connection holds the lock: trying again can help. */
export function isBusy(error: unknown): boolean {
  return BUSY.test(engineCode(error));
}

/** What to say of a file that the engine calls damaged, or no database at all; null for any other error. */
export function damageOf(path: string, error: unknown): GlanceError | null {
  const code = engineCode(error);
  if (!/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return null;
  const isDatabase = code !== "SQLITE_NOTADB";
  const found = isDatabase ? "is damaged" : "is not a database, or its beginning is damaged";
  const advice = isDatabase
    ? "Stop every process that uses it, keep a copy of it and of the files beside it (-wal, -shm), then restore the " +
      `last backup, or save what can still be read: sqlite3 ${path} .recover | sqlite3 NEW_FILE.`
    : "Point [database] connection at the right file, or restore the last backup.";
  return new GlanceError("database", `The database ${path} ${found} (${code}). ${advice}`, { cause: error });
}

/** Any error of an engine as one of the closed list: `unavailable` when busy or full, else `database`. */
export function toGlanceError(error: unknown): GlanceError {
  if (error instanceof GlanceError) return error;
  const code = engineCode(error);
  if (BUSY.test(code)) {
    return new GlanceError("unavailable", "The database is busy. Please try again later.", { cause: error });
  }
  if (code === "SQLITE_FULL") {
    return new GlanceError("unavailable", "There is no space left for the database.", { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new GlanceError("database", `The database failed: ${text}`, { cause: error });
}

import type { Timestamp } from "./records.ts";

/** A time in microseconds since 1970 as the database keeps it: `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
export function formatTimestamp(micros: number): Timestamp {
  const iso = new Date(Math.floor(micros / 1000)).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${String(micros % 1000).padStart(3, "0")}`;
}

/**
 * A clock whose every answer is later than the one before, by a microsecond at least, so that images made by one
 * process list in the order of their creation.
 */
export function risingClock(millis: () => number = Date.now): () => Timestamp {
  let last = 0;
  return () => {
    last = Math.max(last + 1, millis() * 1000);
    return formatTimestamp(last);
  };
}

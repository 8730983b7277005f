/** Converts times between milliseconds, the text of the database (db/records.ts) and that of the API. */

/** Milliseconds since 1970 as `YYYY-MM-DD HH:MM:SS.ffffff`. */
export function toTimestamp(millis: number): string {
  const text = new Date(millis).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}000`;
}

/** Milliseconds since 1970. */
export function fromTimestamp(time: string): number {
  return Date.parse(`${time.slice(0, 10)}T${time.slice(11, 23)}Z`);
}

/** Returns a database's time as `YYYY-MM-DDTHH:MM:SSZ`: seconds are truncated (docs/reference/images-api.md §3.3). */
export function apiTime(time: string): string {
  return `${time.slice(0, 10)}T${time.slice(11, 19)}Z`;
}

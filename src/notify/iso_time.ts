import type { Timestamp } from "../../db/records.ts";

/** `YYYY-MM-DDTHH:MM:SSZ`. */
export function isoTime(time: Timestamp | null): string | null {
  return time === null ? null : `${time.slice(0, 10)}T${time.slice(11, 19)}Z`;
}

import type { Timestamp } from "../../../db/records.ts";

/** `YYYY-MM-DDTHH:MM:SSZ`: seconds are truncated (docs/reference/images-api.md §3.3). */
export function apiTime(time: Timestamp): string {
  return `${time.slice(0, 10)}T${time.slice(11, 19)}Z`;
}

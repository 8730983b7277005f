/** ISO 8601 times in queries (spec/images-api.md §4.4). */
import type { Timestamp } from "../../db/records.ts";

const FORM =
  /^(\d{4})-?(\d{2})(?:-?(\d{2}))?(?:[T ](\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** The time in UTC as the database keeps it; date only means midnight; null when it is no time. */
export function parseTime(text: string): Timestamp | null {
  const match = FORM.exec(text.trim());
  if (!match) return null;
  const [, year, month, day = "01", hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
    match;
  const millis = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(millis)) return null;
  const offset = zone.toUpperCase() === "Z" ? 0 : offsetMinutes(zone);
  const utc = new Date(millis - offset * 60_000).toISOString();
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

function offsetMinutes(zone: string): number {
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return zone.startsWith("-") ? -minutes : minutes;
}

/** ISO 8601 times in queries (docs/reference/images-api.md §4.4). */

const DATE = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?|(\d{2})(\d{2}))?$/;
const CLOCK = /^(\d{2})(?::?(\d{2})(?::?(\d{1,2})(?:[.,](\d+))?)?)?$/;
const ZONE = /(Z|[+-]\d{2}(?::?\d{2})?)$/;

const MINUTE = 60_000;

/** The time in UTC, `YYYY-MM-DD HH:MM:SS.ffffff`; a date alone means midnight; null for text that is not a time. */
export function parseTime(text: string): string | null {
  const [date = "", rest] = splitOnce(text.trim(), /[T ]/);
  const zone = rest === undefined ? "Z" : ZONE.exec(rest)?.[1] ?? "Z";
  const day = DATE.exec(date);
  const clock = rest === undefined ? ["", "00"] : CLOCK.exec(rest.replace(ZONE, ""));
  const offset = offsetMinutes(zone);
  if (!day || !clock || offset === null) return null;
  const month = Number(day[2] ?? day[4] ?? 1);
  const [, hour, minute = "00", second = "00", fraction = ""] = clock;
  const wall = [
    Number(day[1]),
    month,
    Number(day[3] ?? day[5] ?? 1),
    Number(hour),
    Number(minute),
    Number(second),
  ];
  const millis = utcMillis(wall);
  if (millis === null) return null;
  const utc = new Date(millis - offset * MINUTE).toISOString();
  // Beyond the years that the database can compare, the text is longer.
  if (!/^(?!0000)\d{4}-/.test(utc)) return null;
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

function splitOnce(text: string, separator: RegExp): [string, string?] {
  const at = text.search(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Milliseconds of year, month, day, hour, minute, second; null when there is no such moment (30 February, 24:00). */
function utcMillis(wall: readonly number[]): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = wall;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const found = [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  return found.every((value, at) => value === wall[at]) ? date.getTime() : null;
}

/** Null when it is a day or more. */
function offsetMinutes(zone: string): number | null {
  if (zone === "Z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  if (minutes >= 24 * 60) return null;
  return zone.startsWith("-") ? -minutes : minutes;
}

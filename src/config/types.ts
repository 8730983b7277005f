import { isIP } from "node:net";
import { refuse } from "./value_error.ts";

/** Bounds of a number, both inclusive. */
export interface Range {
  readonly min?: number;
  /** A bigint where a number is not exact (2^63-1). */
  readonly max?: number | bigint;
}

/** `true 1 on yes` / `false 0 off no` in any case (docs/reference/configuration.md §1.2). */
export function parseBool(text: string): boolean {
  switch (text.toLowerCase()) {
    case "true":
    case "1":
    case "on":
    case "yes":
      return true;
    case "false":
    case "0":
    case "off":
    case "no":
      return false;
  }
  refuse("expected a boolean: true, 1, on, yes, false, 0, off or no");
}

/** A decimal integer; the empty text means unset and gives null. */
export function parseInteger(text: string, range: Range): number | null {
  const digits = text.trim();
  if (digits === "") return null;
  const expected = `expected an integer${rangeText(range)}`;
  if (!/^[+-]?\d+(_\d+)*$/.test(digits)) refuse(expected);
  const value = BigInt(digits.replaceAll("_", "").replace(/^\+/, ""));
  if (range.min !== undefined && value < BigInt(range.min)) refuse(expected);
  if (range.max !== undefined && value > BigInt(range.max)) refuse(expected);
  return Number(value);
}

/** A decimal number; the empty text gives null. */
export function parseFloatText(text: string, range: Range): number | null {
  const digits = text.trim();
  if (digits === "") return null;
  const value = Number(digits);
  const expected = `expected a number${rangeText(range)}`;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits)) refuse(expected);
  if (range.min !== undefined && value < range.min) refuse(expected);
  if (range.max !== undefined && value > Number(range.max)) refuse(expected);
  return value;
}

/** File mode written as octal digits, `644` for 0o644; the empty text gives null. */
export function parseOctal(text: string): number | null {
  const digits = text.trim();
  if (digits === "") return null;
  if (!/^[0-7]{1,5}$/.test(digits)) refuse("expected a file mode in octal digits, for example 640");
  return parseInt(digits, 8);
}

/** One of `choices`. */
export function parseChoice(text: string, choices: readonly string[], ignoreCase: boolean): string {
  const wanted = ignoreCase ? text.toLowerCase() : text;
  const found = choices.find((choice) => (ignoreCase ? choice.toLowerCase() : choice) === wanted);
  return found ?? refuse(`expected one of ${choices.join(", ")}`);
}

/** Comma separated, items stripped, one trailing comma ignored, the empty text is an empty list. */
export function parseList(text: string): string[] {
  const trimmed = text.trim();
  if (trimmed === "") return [];
  const items = trimmed.split(",").map((item) => item.trim());
  if (items.at(-1) === "") items.pop();
  return items;
}

/** `[a,b]`; with `quotes` an item may be quoted and then contain commas. The brackets must be there. */
export function parseBoundedList(text: string, quotes: boolean): string[] {
  const trimmed = text.trim();
  if (!trimmed.startsWith("[") || !trimmed.endsWith("]") || trimmed.length < 2) {
    refuse("expected a list in brackets, for example [first,second], or [] for an empty one");
  }
  const inner = trimmed.slice(1, -1);
  return quotes ? splitQuoted(inner) : parseList(inner);
}

function splitQuoted(text: string): string[] {
  const items: string[] = [];
  const pieces = text.trim() === "" ? [] : text.split(",");
  if (pieces.at(-1)?.trim() === "") pieces.pop();
  while (pieces.length > 0) {
    let item = pieces.shift()!;
    const quote = item.trim()[0];
    if (quote !== '"' && quote !== "'") {
      items.push(item.trim());
      continue;
    }
    while (item.trim().length < 2 || !item.trim().endsWith(quote)) {
      if (pieces.length === 0) refuse(`expected a closing ${quote} in the list`);
      item += "," + pieces.shift()!;
    }
    items.push(item.trim().slice(1, -1));
  }
  return items;
}

/** `key:value,key:value`, first `:` separates; order kept. An item without `:` or a key twice is an error. */
export function parseDict(text: string): Map<string, string> {
  const result = new Map<string, string>();
  if (text.trim() === "") return result;
  for (const item of text.split(",")) {
    const cut = item.indexOf(":");
    const key = item.slice(0, cut).trim();
    if (cut < 0 || key === "") refuse("expected name:value pairs separated by commas");
    if (result.has(key)) refuse(`expected each name once, found "${key}" twice`);
    result.set(key, item.slice(cut + 1).trim());
  }
  return result;
}

/** IPv4, IPv6 or a DNS name. */
export function parseHost(text: string): string {
  if (isIP(text) !== 0) return text;
  const name =
    /^(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;
  if (!name.test(text) || /^[\d.]+$/.test(text)) refuse("expected an IPv4 or IPv6 address or a host name");
  return text;
}

/** Anything without white space; what it is for decides the rest. */
export function parseUri(text: string): string {
  if (/\s/.test(text)) refuse("expected a URI");
  return text;
}

/** ` of at least 1`, ` between 0 and 100`, or nothing. */
export function rangeText(range: Range): string {
  if (range.min !== undefined && range.max !== undefined) return ` between ${range.min} and ${range.max}`;
  if (range.min !== undefined) return ` of at least ${range.min}`;
  if (range.max !== undefined) return ` of at most ${range.max}`;
  return "";
}

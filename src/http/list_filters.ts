/** Single filters of a list (spec/images-api.md §4.4). */
import type { ListCondition } from "../../db/records.ts";
import { fail } from "../errors.ts";
import { parseTime } from "./parse_time.ts";

type TextColumn = "name" | "id" | "status" | "container_format" | "disk_format";
type NumberColumn = "size" | "min_ram" | "min_disk" | "virtual_size";

/** `value`, `eq:value` or `in:a,b,"c,d"`. Errors: bad_request. */
export function textCondition(column: TextColumn, text: string): ListCondition {
  const mark = text.indexOf(":");
  if (mark < 0 || parseTime(text) !== null) return { kind: "in", column, values: [text] };
  const operator = text.slice(0, mark);
  const operand = text.slice(mark + 1);
  if (operator === "eq") return { kind: "in", column, values: [operand] };
  if (operator === "in") return { kind: "in", column, values: splitQuoted(operand) };
  fail("bad_request", `Unable to filter by unknown operator '${operator}'.`);
}

/** Comma-separated values; one with a comma stands in double quotes, with `\` as escape. Errors: bad_request. */
export function splitQuoted(text: string): string[] {
  const values: string[] = [];
  let i = 0;
  const broken = () =>
    fail("bad_request", `Invalid filter value ${text}. The quote is not closed or misplaced.`);
  while (i < text.length) {
    if (text[i] === '"') {
      let value = "";
      i++;
      while (i < text.length && text[i] !== '"') {
        if (text[i] === "\\") i++;
        value += text[i] ?? "";
        i++;
      }
      if (i >= text.length) broken();
      i++;
      if (i < text.length && text[i] !== ",") broken();
      values.push(value);
    } else {
      const end = text.indexOf(",", i) < 0 ? text.length : text.indexOf(",", i);
      const value = text.slice(i, end);
      if (value.includes('"')) broken();
      values.push(value);
      i = end;
    }
    i++;
  }
  return values;
}

/** Exact number; text that is none matches nothing. */
export function numberCondition(column: NumberColumn, text: string): ListCondition {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) return { kind: "none" };
  return { kind: "in", column, values: [value] };
}

/** `size_min`, `min_ram_max` …, or null when the name is no such thing. Errors: bad_request. */
export function rangeCondition(name: string, text: string): ListCondition | null {
  const match = /^(size|virtual_size|min_ram|min_disk)_(min|max)$/.exec(name);
  if (!match) return null;
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    fail("bad_request", "Unable to filter on a range with a non-numeric value.");
  }
  return { kind: "range", column: match[1] as NumberColumn, [match[2] as "min" | "max"]: Number(text) };
}

const TIME_OPERATORS = ["gt", "gte", "lt", "lte", "eq", "neq"] as const;

/** `gte:2026-01-01T00:00:00Z`; no operator means equal. Errors: bad_request. */
export function timeCondition(column: "created_at" | "updated_at", text: string): ListCondition {
  const whole = parseTime(text);
  if (whole !== null) return { kind: "time", column, op: "eq", value: whole };
  const mark = text.indexOf(":");
  const operator = mark < 0 ? "eq" : text.slice(0, mark);
  const value = parseTime(mark < 0 ? text : text.slice(mark + 1));
  const op = TIME_OPERATORS.find((known) => known === operator);
  if (value === null) {
    fail(
      "bad_request",
      op || mark < 0
        ? "Invalid time format: an ISO 8601 time is expected."
        : "Unable to filter on a unknown operator.",
    );
  }
  if (!op) fail("bad_request", "Unable to filter on a unknown operator.");
  return { kind: "time", column, op, value };
}

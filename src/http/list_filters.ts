/** Conditions of single filters (docs/reference/images-api.md §4.4). */
import type { ListCondition } from "../../db/records.ts";
import { parseTime } from "../../openapi/times.ts";
import { fail } from "../errors.ts";

type TextColumn = "name" | "id" | "status" | "container_format" | "disk_format";
type NumberColumn = "size" | "min_ram" | "min_disk" | "virtual_size";

/** Parses `value`, `eq:value` or `in:a,b,"c,d"`. Errors: bad_request. */
export function textCondition(column: TextColumn, text: string): ListCondition {
  const mark = text.indexOf(":");
  if (mark < 0 || parseTime(text) !== null) return { kind: "in", column, values: [text] };
  const operator = text.slice(0, mark);
  const operand = text.slice(mark + 1);
  if (operator === "eq") return { kind: "in", column, values: [operand] };
  if (operator === "in") return { kind: "in", column, values: splitQuoted(operand) };
  fail("bad_request", `Unable to filter by unknown operator '${operator}'.`);
}

/** Splits comma-separated values; double quotes enclose one with a comma, `\` escapes. Errors: bad_request. */
function splitQuoted(text: string): string[] {
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

/** Matches the exact number; text that is not a number matches nothing. */
export function numberCondition(column: NumberColumn, text: string): ListCondition {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) return { kind: "none" };
  return { kind: "in", column, values: [value] };
}

/** The query of GET /v2/images as conditions for the database (docs/reference/images-api.md §4.2–4.5). */
import type { z } from "@hono/zod-openapi";
import type { ImageListQuery, ListCondition, SortKey } from "../../db/records.ts";
import { ImageListQueryParams, SortDirection, SortKey as SortKeyField } from "../../openapi/images.ts";
import { parseTime } from "../../openapi/times.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";

type ImageListParams = z.output<typeof ImageListQueryParams>;

const TEXTS = ["name", "id", "status", "container_format", "disk_format"] as const;
const TIMES = ["created_at", "updated_at"] as const;
const RANGED = ["size", "virtual_size", "min_ram", "min_disk"] as const;
const EXACT = ["owner", "checksum", "os_hash_algo", "os_hash_value"];
const NAMED = Object.keys(ImageListQueryParams.shape);

/** `search`: the query as it was sent, for parameters that the contract does not name. Errors: bad_request. */
export function parseListQuery(
  query: ImageListParams,
  search: URLSearchParams,
  config: Pick<Config, "get">,
): Omit<ImageListQuery, "viewer"> {
  const { visibility, marker } = query;
  const most = config.get("DEFAULT.api_limit_max");
  return {
    ...(visibility === undefined || visibility === "" ? {} : { visibility }),
    memberStatus: query.member_status ?? "accepted",
    osHidden: query.os_hidden ?? false,
    conditions: [...namedConditions(query), ...otherConditions(search)],
    sort: parseSort(query),
    limit: Math.min(query.limit ?? config.get("DEFAULT.limit_param_default"), most),
    ...(marker === undefined ? {} : { marker }),
  };
}

function namedConditions(query: ImageListParams): ListCondition[] {
  const conditions: ListCondition[] = [];
  for (const column of TEXTS) {
    const value = query[column];
    if (value !== undefined) conditions.push(textCondition(column, value));
  }
  if (query.owner !== undefined) conditions.push({ kind: "in", column: "owner", values: [query.owner] });
  if (query.protected !== undefined) {
    conditions.push({ kind: "in", column: "protected", values: [query.protected] });
  }
  for (const column of RANGED) {
    const [min, max] = [query[`${column}_min`], query[`${column}_max`]];
    if (min !== undefined) conditions.push({ kind: "range", column, min });
    if (max !== undefined) conditions.push({ kind: "range", column, max });
  }
  for (const column of TIMES) {
    const value = query[column];
    if (value !== undefined) conditions.push({ kind: "time", column, op: value.op, value: value.time });
  }
  for (const tag of query.tag ?? []) conditions.push({ kind: "tag", value: tag.trim() });
  if (query.visibility === "") conditions.push({ kind: "none" });
  return conditions;
}

/** Exact numbers, hashes and additional properties. */
function otherConditions(search: URLSearchParams): ListCondition[] {
  return [...new Map(search)].filter(([name]) => !NAMED.includes(name) && name !== "deleted").map(
    ([name, value]): ListCondition => {
      if (name === "changes-since") {
        fail("bad_request", 'The "changes-since" filter is no longer available on v2.');
      }
      if (EXACT.includes(name)) return { kind: "in", column: name as "owner", values: [value] };
      const number = RANGED.find((column) => column === name);
      return number ? numberCondition(number, value) : { kind: "property", name, value };
    },
  );
}

type TextColumn = "name" | "id" | "status" | "container_format" | "disk_format";
type NumberColumn = "size" | "min_ram" | "min_disk" | "virtual_size";

/** Parses `value`, `eq:value` or `in:a,b,"c,d"`. Errors: bad_request. */
function textCondition(column: TextColumn, text: string): ListCondition {
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
function numberCondition(column: NumberColumn, text: string): ListCondition {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) return { kind: "none" };
  return { kind: "in", column, values: [value] };
}

type Sort = ImageListQuery["sort"];
type Given = Pick<ImageListParams, "sort" | "sort_key" | "sort_dir">;

/** Parses both syntaxes and adds the tie-breakers. Errors: bad_request. */
function parseSort({ sort, sort_key, sort_dir }: Given): Sort {
  if (sort !== undefined && (sort_key || sort_dir)) {
    fail("bad_request", "Old and new sorting syntax cannot be combined");
  }
  if (sort === undefined) return oldSyntax(sort_key ?? ["created_at"], sort_dir ?? []);
  const pairs = newSyntax(sort);
  return withTieBreakers(pairs, pairs.length);
}

function newSyntax(sort: string): Sort {
  return sort.split(",").map((item) => {
    const [key, dir = "desc"] = item.split(":").map((part) => part.trim());
    return { key: one(SortKeyField, key), dir: one(SortDirection, dir) };
  });
}

/** Checks a value against the contract, whose message becomes the error's text. */
function one<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  return result.success ? result.data : fail("bad_request", result.error.issues[0]!.message);
}

function oldSyntax(keys: SortKey[], dirs: ("asc" | "desc")[]): Sort {
  if (dirs.length > 1 && dirs.length !== keys.length) {
    fail("bad_request", "Number of sort dirs does not match the number of sort keys");
  }
  const pairs = keys.map((key, index) => ({ key, dir: (dirs.length > 1 ? dirs[index] : dirs[0]) ?? "desc" }));
  return withTieBreakers(pairs, dirs.length);
}

/** Tie-breakers take the single direction, or desc if several were given. */
function withTieBreakers(pairs: Sort, given: number): Sort {
  const dir = given > 1 ? "desc" : pairs[0]!.dir;
  const missing = (["created_at", "id"] as SortKey[]).filter((key) =>
    !pairs.some((pair) => pair.key === key)
  );
  return [...pairs, ...missing.map((key) => ({ key, dir }))];
}

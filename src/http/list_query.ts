/** The query of GET /v2/images as conditions for the database (docs/reference/images-api.md §4.2–4.5). */
import type { z } from "@hono/zod-openapi";
import type { ImageListQuery, ListCondition } from "../../db/records.ts";
import { ImageListQueryParams } from "../../openapi/images.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import { numberCondition, textCondition } from "./list_filters.ts";
import { parseSort } from "./list_sort.ts";

export type ImageListParams = z.output<typeof ImageListQueryParams>;

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

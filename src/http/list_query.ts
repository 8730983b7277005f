/** The query of GET /v2/images as conditions for the database (spec/images-api.md §4.2–4.5). */
import type { ImageListQuery, ListCondition, MemberStatus, Visibility } from "../../db/records.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import { numberCondition, rangeCondition, textCondition, timeCondition } from "./list_filters.ts";
import { parseSort } from "./list_sort.ts";

const TEXTS = ["name", "id", "status", "container_format", "disk_format"];
const EXACT = ["owner", "checksum", "os_hash_algo", "os_hash_value"];
const NUMBERS = ["size", "min_ram", "min_disk", "virtual_size"];
const PAGING = ["limit", "marker", "sort", "sort_key", "sort_dir"];
const VISIBILITIES = ["public", "private", "shared", "community", "all"];
const MEMBER_STATUSES = ["pending", "accepted", "rejected", "all"];

/** Errors: bad_request. */
export function parseListQuery(query: URLSearchParams, config: Config): Omit<ImageListQuery, "viewer"> {
  const last = new Map(query);
  const conditions: ListCondition[] = [];
  for (const [name, value] of last) {
    if (PAGING.includes(name) || name === "tag") continue;
    const condition = conditionOf(name, value);
    if (condition) conditions.push(condition);
  }
  for (const tag of query.getAll("tag")) conditions.push({ kind: "tag", value: tag.trim() });
  const visibility = visibilityOf(last.get("visibility"), conditions);
  const marker = last.get("marker");
  return {
    ...(visibility === undefined ? {} : { visibility }),
    memberStatus: memberStatusOf(last.get("member_status")),
    osHidden: hiddenOf(last.get("os_hidden")),
    conditions,
    sort: parseSort(query),
    limit: limitOf(last.get("limit"), config),
    ...(marker === undefined ? {} : { marker }),
  };
}

function conditionOf(name: string, value: string): ListCondition | null {
  if (["visibility", "member_status", "os_hidden", "deleted"].includes(name)) return null;
  if (name === "changes-since") {
    fail("bad_request", 'The "changes-since" filter is no longer available on v2.');
  }
  if (TEXTS.includes(name)) return textCondition(name as "name", value);
  if (EXACT.includes(name)) return { kind: "in", column: name as "owner", values: [value] };
  if (NUMBERS.includes(name)) return numberCondition(name as "size", value);
  if (name === "created_at" || name === "updated_at") return timeCondition(name, value);
  if (name === "protected") {
    if (value !== "true" && value !== "false") {
      fail(
        "bad_request",
        `Invalid value '${value}' for 'protected' filter. Valid values are 'true' or 'false'.`,
      );
    }
    return { kind: "in", column: "protected", values: [value === "true"] };
  }
  return rangeCondition(name, value) ?? { kind: "property", name, value };
}

function visibilityOf(
  value: string | undefined,
  conditions: ListCondition[],
): Visibility | "all" | undefined {
  if (value === undefined) return undefined;
  if (value === "") {
    conditions.push({ kind: "none" });
    return undefined;
  }
  if (!VISIBILITIES.includes(value)) fail("bad_request", `Invalid visibility value: ${value}`);
  return value as Visibility | "all";
}

function memberStatusOf(value: string | undefined): MemberStatus | "all" {
  if (value === undefined) return "accepted";
  if (!MEMBER_STATUSES.includes(value)) fail("bad_request", `Invalid status: ${value}`);
  return value as MemberStatus | "all";
}

function hiddenOf(value: string | undefined): boolean {
  const text = (value ?? "false").toLowerCase();
  if (text !== "true" && text !== "false") {
    fail(
      "bad_request",
      `Invalid value '${value}' for 'os_hidden' filter. Valid values are 'true' or 'false'.`,
    );
  }
  return text === "true";
}

function limitOf(value: string | undefined, config: Config): number {
  const most = config.get("DEFAULT.api_limit_max");
  if (value === undefined) return Math.min(config.get("DEFAULT.limit_param_default"), most);
  const text = value.trim();
  if (!/^[+-]?\d+$/.test(text)) fail("bad_request", "limit param must be an integer");
  const limit = Number(text);
  if (limit < 0) fail("bad_request", "limit param must be positive");
  return Math.min(limit, most);
}

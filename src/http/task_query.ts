/** The query of GET /v2/tasks (spec/tasks-api.md §6). */
import type { TaskSortKey, TaskStatus } from "../../db/task_records.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import type { TaskPage } from "../tasks/list.ts";

const KEYS: readonly TaskSortKey[] = [
  "id",
  "type",
  "status",
  "owner",
  "expires_at",
  "created_at",
  "updated_at",
  "image_id",
  "request_id",
  "user_id",
];
const STATUSES: readonly TaskStatus[] = ["pending", "processing", "success", "failure"];
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Errors: bad_request. */
export function parseTaskQuery(query: URLSearchParams, config: Pick<Config, "get">): TaskPage {
  const given = new Map(query);
  const key = KEYS.find((name) => name === (given.get("sort_key") ?? "created_at")) ??
    fail("bad_request", `Invalid sort key: ${given.get("sort_key")}`);
  const dir = given.get("sort_dir") ?? "desc";
  if (dir !== "asc" && dir !== "desc") fail("bad_request", `Invalid sort direction: ${dir}`);
  const marker = given.get("marker");
  if (marker !== undefined && !UUID.test(marker)) fail("bad_request", "Invalid marker format");
  return {
    filters: filtersOf(given),
    sort: { key, dir },
    limit: limitOf(given.get("limit"), config),
    ...(marker === undefined ? {} : { marker }),
  };
}

function filtersOf(given: Map<string, string>): TaskPage["filters"] {
  const status = given.get("status");
  if (status && !STATUSES.includes(status as TaskStatus)) {
    fail("bad_request", `Invalid status value: ${status}`);
  }
  const type = given.get("type");
  if (type && type !== "import") fail("bad_request", `Invalid type value: ${type}`);
  const named = KEYS.filter((name) => given.has(name));
  return Object.fromEntries(named.map((name) => [name, given.get(name)!]));
}

function limitOf(text: string | undefined, config: Pick<Config, "get">): number {
  const most = config.get("DEFAULT.api_limit_max");
  if (text === undefined) return Math.min(config.get("DEFAULT.limit_param_default"), most);
  if (!/^\s*[+-]?\d+\s*$/.test(text)) fail("bad_request", "limit param must be an integer");
  if (Number(text) < 0) fail("bad_request", "limit param must be positive");
  return Math.min(Number(text), most);
}

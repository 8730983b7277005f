/** The query of GET /v2/tasks (spec/tasks-api.md §6). */
import type { z } from "@hono/zod-openapi";
import { type listTasks, TASK_SORT_KEYS } from "../../openapi/tasks.ts";
import type { Config } from "../config/config.ts";
import type { TaskPage } from "../tasks/list.ts";

type Query = z.output<typeof listTasks.request.query>;

/** Any sort key also filters, by the text that was sent last. */
export function taskPage(query: Query, search: URLSearchParams, config: Pick<Config, "get">): TaskPage {
  const given = new Map(search);
  const named = TASK_SORT_KEYS.filter((name) => given.has(name));
  const most = config.get("DEFAULT.api_limit_max");
  return {
    filters: Object.fromEntries(named.map((name) => [name, given.get(name)!])),
    sort: { key: query.sort_key ?? "created_at", dir: query.sort_dir ?? "desc" },
    limit: Math.min(query.limit ?? config.get("DEFAULT.limit_param_default"), most),
    ...(query.marker === undefined ? {} : { marker: query.marker }),
  };
}

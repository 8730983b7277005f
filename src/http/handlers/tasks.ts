/** /v2/tasks (docs/reference/tasks-api.md). */
import type { z } from "@hono/zod-openapi";
import type * as routes from "../../../openapi/tasks.ts";
import { TASK_SORT_KEYS } from "../../../openapi/tasks.ts";
import type { Config } from "../../config/config.ts";
import type { Ctx } from "../../deps.ts";
import { fail } from "../../errors.ts";
import { authorize } from "../../policy/authorize.ts";
import { listTasks, progressOf, showTask, type TaskPage } from "../../tasks/read.ts";
import { createTask } from "../../tasks/start.ts";
import { asciiJson, type Call, pageLinks } from "../bind.ts";
import { taskSummary, taskView } from "../view/task.ts";

/** Errors: forbidden. */
export async function allow(ctx: Ctx): Promise<void> {
  await authorize(ctx.deps.policy, "tasks_api_access", ctx.caller, {});
}

/** Errors: bad_request, with upstream's text. */
export function requireKeys(body: unknown): void {
  for (const key of ["type", "input"]) {
    if (!Object.hasOwn(body as object, key)) fail("bad_request", `Task '${key}' is required`);
  }
}

export async function list(call: Call<typeof routes.listTasks>): Promise<Response> {
  const page = taskPage(call.query(), call.search, call.ctx.deps.config);
  const tasks = await listTasks(call.ctx, page);
  const full = page.limit > 0 && tasks.length === page.limit;
  const { first, ...following } = pageLinks("/v2/tasks", call.search, full ? tasks.at(-1)!.id : null);
  return asciiJson(call, {
    tasks: tasks.map(taskSummary),
    first,
    schema: "/v2/schemas/tasks",
    ...following,
  });
}

export async function create(call: Call<typeof routes.createTask>): Promise<Response> {
  const task = await createTask(call.ctx, call.body);
  const { scheme, host, prefix } = call.c.get("base");
  const response = asciiJson(call, taskView(task));
  response.headers.set("location", `${scheme}://${host}${prefix}/v2/tasks/${task.id}`);
  return new Response(response.body, { status: 201, headers: response.headers });
}

export async function show(call: Call<typeof routes.showTask>): Promise<Response> {
  const task = await showTask(call.ctx, call.param("task_id"));
  const progress = call.query().progress === "true" ? await progressOf(call.ctx.deps, [task]) : null;
  return asciiJson(call, taskView(task, progress?.get(task.id)));
}

export function remove(): Response {
  return fail("method_not_allowed", "Tasks cannot be deleted; they expire.", {
    headers: { allow: "GET" },
  });
}

/** The query for a page; any sort key also filters, by its last value (docs/reference/tasks-api.md §6). */
function taskPage(
  query: z.output<typeof routes.listTasks.request.query>,
  search: URLSearchParams,
  config: Pick<Config, "get">,
): TaskPage {
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

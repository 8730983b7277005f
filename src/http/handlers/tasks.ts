/** /v2/tasks (spec/tasks-api.md). */
import type * as routes from "../../../openapi/tasks.ts";
import type { Ctx } from "../../deps.ts";
import { fail } from "../../errors.ts";
import { authorize } from "../../policy/authorize.ts";
import { createTask } from "../../tasks/create.ts";
import { listTasks } from "../../tasks/list.ts";
import { progressOf } from "../../tasks/progress.ts";
import { showTask } from "../../tasks/show.ts";
import type { Call } from "../bind.ts";
import { asciiJson, pageLinks } from "../reply.ts";
import { taskPage } from "../task_query.ts";
import { taskSummary, taskView } from "../view/task.ts";

/** Errors: forbidden. */
export async function allow(ctx: Ctx): Promise<void> {
  await authorize(ctx.deps.policy, "tasks_api_access", ctx.caller, {});
}

/** Errors: bad_request, in upstream's words. */
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
  return fail("method_not_allowed", "Tasks cannot be deleted; they expire by themselves.", {
    headers: { allow: "GET" },
  });
}

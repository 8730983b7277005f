/** /v2/tasks (spec/tasks-api.md). */
import { TaskBody } from "../../../openapi/tasks.ts";
import { fail } from "../../errors.ts";
import { authorize } from "../../policy/authorize.ts";
import { createTask } from "../../tasks/create.ts";
import { listTasks } from "../../tasks/list.ts";
import { progressOf } from "../../tasks/progress.ts";
import { showTask } from "../../tasks/show.ts";
import type { Call } from "../bind.ts";
import { jsonBounds, readJson } from "../json_body.ts";
import { asciiJson } from "../reply.ts";
import { parseTaskQuery } from "../task_query.ts";
import { taskSummary, taskView } from "../view/task.ts";

/** Errors: forbidden. */
async function allow({ ctx }: Call): Promise<void> {
  await authorize(ctx.deps.policy, "tasks_api_access", ctx.caller, {});
}

export async function list(call: Call): Promise<Response> {
  await allow(call);
  const page = parseTaskQuery(call.query, call.ctx.deps.config);
  const tasks = await listTasks(call.ctx, page);
  const first = new URLSearchParams(call.query);
  first.delete("marker");
  const link = (parameters: URLSearchParams) => {
    const text = parameters.toString();
    return text === "" ? "/v2/tasks" : `/v2/tasks?${text}`;
  };
  const next = new URLSearchParams(first);
  const full = page.limit > 0 && tasks.length === page.limit;
  if (full) next.append("marker", tasks.at(-1)!.id);
  return asciiJson(call, {
    tasks: tasks.map(taskSummary),
    first: link(first),
    schema: "/v2/schemas/tasks",
    ...(full ? { next: link(next) } : {}),
  });
}

export async function create(call: Call): Promise<Response> {
  await allow(call);
  const { ctx, request, c } = call;
  const body = await readJson(request, jsonBounds(ctx.deps.config));
  const task = await createTask(ctx, checked(body));
  const { scheme, host, prefix } = c.get("base");
  const response = asciiJson(call, taskView(task));
  response.headers.set("location", `${scheme}://${host}${prefix}/v2/tasks/${task.id}`);
  return new Response(response.body, { status: 201, headers: response.headers });
}

function checked(body: unknown) {
  for (const key of ["type", "input"]) {
    if (!Object.hasOwn(body as object, key)) fail("bad_request", `Task '${key}' is required`);
  }
  const result = TaskBody.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  return fail("bad_request", `Provided object does not match schema 'task': ${issue.message}`);
}

export async function show(call: Call): Promise<Response> {
  await allow(call);
  const task = await showTask(call.ctx, call.param("task_id"));
  const asked = call.query.get("progress") === "true";
  const progress = asked ? await progressOf(call.ctx.deps, [task]) : null;
  return asciiJson(call, taskView(task, progress?.get(task.id)));
}

export async function remove(call: Call): Promise<Response> {
  await allow(call);
  return fail("method_not_allowed", "Tasks cannot be deleted; they expire by themselves.", {
    headers: { allow: "GET" },
  });
}

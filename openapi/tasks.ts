/** /v2/tasks (docs/reference/tasks-api.md). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, jsonBody, limit, oneOf, SECURED, sortDir } from "./common.ts";
import { TaskStatusField } from "./image_tasks.ts";

const TYPES = ["import", "api_image_import", "location_import"] as const;

const document = z.record(z.string(), z.unknown()).nullable();

/** How far a task is; only where it is asked for with `progress=true`, and only while the task is in progress. */
export const TaskProgress = z.object({
  step: z.string(),
  bytes: z.number().int().openapi({ description: "Bytes that this step has moved." }),
  total: z.number().int().nullable().openapi({ description: "Bytes that it will move." }),
  rate: z.number().int().nullable().openapi({ description: "Bytes a second." }),
}).openapi("TaskProgress");

const Summary = z.object({
  id: z.string(),
  type: z.string(),
  status: TaskStatusField,
  owner: z.string(),
  expires_at: z.string().optional(),
  created_at: z.string(),
  updated_at: z.string(),
  self: z.string(),
  schema: z.string(),
});

export const Task = Summary.extend({
  input: document,
  result: document,
  message: z.string(),
  image_id: z.string().optional(),
  request_id: z.string().optional(),
  user_id: z.string().optional(),
  progress: TaskProgress.optional(),
}).openapi("Task");

/** `import_from` and the like are looked at by the task, not here. Known keys other than these two are ignored. */
const TaskBody = z.strictObject({
  type: z.enum(TYPES),
  input: document,
  id: z.string().optional(),
  status: TaskStatusField.optional(),
  result: document.optional(),
  owner: z.string().optional(),
  message: z.string().optional(),
  image_id: z.string().optional(),
  request_id: z.string().optional(),
  user_id: z.string().optional(),
  expires_at: z.string().nullable().optional(),
  created_at: z.string().optional(),
  updated_at: z.string().optional(),
  self: z.string().optional(),
  schema: z.string().optional(),
}).openapi("NewTask");

const TaskIdParam = z.object({
  task_id: z.string().openapi({ param: { name: "task_id", in: "path" }, description: "Id of the task." }),
});

/** What a list of tasks can be sorted by; each also filters by its exact value. */
export const TASK_SORT_KEYS = [
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
] as const;

const UUID_OF_TASK = /^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$/;

const ProgressQuery = z.object({
  progress: z.string().optional().openapi({ description: "`true` adds the progress of running tasks." }),
});

export const listTasks = createRoute({
  method: "get",
  path: "/v2/tasks",
  operationId: "listTasks",
  summary: "List tasks",
  tags: ["tasks"],
  security: SECURED,
  request: {
    query: z.object({
      limit: limit("Tasks on a page; capped by api_limit_max."),
      marker: z.string().regex(UUID_OF_TASK, "Invalid marker format").optional(),
      sort_key: oneOf(TASK_SORT_KEYS, (key) => `Invalid sort key: ${key}`),
      sort_dir: sortDir(),
      status: oneOf(TaskStatusField.options, (value) => `Invalid status value: ${value}`, { also: [""] }),
      type: oneOf(["import"], (value) => `Invalid type value: ${value}`, { also: [""] }),
    }),
  },
  responses: {
    200: json(
      z.object({
        tasks: z.array(Summary.openapi("TaskSummary")),
        first: z.string(),
        next: z.string().optional(),
        schema: z.string(),
      }).openapi("TaskList"),
      "One page of tasks.",
    ),
    ...errors(403),
  },
});

export const createTask = createRoute({
  method: "post",
  path: "/v2/tasks",
  operationId: "createTask",
  summary: "Create a task",
  tags: ["tasks"],
  security: SECURED,
  request: { body: jsonBody(TaskBody, "What to do.") },
  responses: {
    201: json(Task, "The task, pending.", z.object({ Location: z.string() })),
    ...errors(403, 413),
  },
});

export const showTask = createRoute({
  method: "get",
  path: "/v2/tasks/{task_id}",
  operationId: "showTask",
  summary: "Show a task",
  tags: ["tasks"],
  security: SECURED,
  request: { params: TaskIdParam, query: ProgressQuery },
  responses: { 200: json(Task, "The task."), ...errors(403, 404) },
});

export const deleteTask = createRoute({
  method: "delete",
  path: "/v2/tasks/{task_id}",
  operationId: "deleteTask",
  summary: "Refused: tasks expire",
  tags: ["tasks"],
  security: SECURED,
  request: { params: TaskIdParam },
  responses: { ...errors(403, 405) },
});

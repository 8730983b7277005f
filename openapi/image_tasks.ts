/** /v2/images/{id}/tasks (docs/reference/tasks-api.md §7). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, json, SECURED } from "./common.ts";

export const TaskStatusField = z.enum(["pending", "processing", "success", "failure"]).openapi("TaskStatus");

const document = z.record(z.string(), z.unknown()).nullable();

/** A task as in the database, with other keys and another time format than /v2/tasks has. */
const ImageTask = z.object({
  id: z.string(),
  type: z.string(),
  status: TaskStatusField,
  owner: z.string(),
  expires_at: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  deleted_at: z.string().nullable(),
  deleted: z.boolean(),
  image_id: z.string().nullable(),
  request_id: z.string().nullable(),
  user_id: z.string().nullable(),
  input: document,
  result: document,
  message: z.string().nullable(),
  progress: z.object({
    step: z.string(),
    bytes: z.number().int(),
    total: z.number().int().nullable(),
    rate: z.number().int().nullable(),
  }).optional().openapi({ description: "Only with `progress=true`, while the task is in progress." }),
}).openapi("ImageTask");

export const listImageTasks = createRoute({
  method: "get",
  path: "/v2/images/{image_id}/tasks",
  operationId: "listImageTasks",
  summary: "List the tasks of an image",
  tags: ["tasks"],
  security: SECURED,
  request: {
    params: ImageIdParam,
    query: z.object({
      progress: z.string().optional().openapi({ description: "`true` adds the progress of running tasks." }),
    }),
  },
  responses: {
    200: json(z.object({ tasks: z.array(ImageTask) }).openapi("ImageTaskList"), "The tasks."),
    ...errors(404),
  },
});

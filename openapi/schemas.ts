/** /v2/schemas: the JSON schemas that clients build their models from (docs/reference/schemas.md). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, SECURED } from "./common.ts";

const JsonSchema = z.looseObject({ name: z.string(), properties: z.record(z.string(), z.unknown()) })
  .openapi("JsonSchema");

/** The route of a schema document. */
export const schemaRoute = <P extends string>(name: P, operationId: string) =>
  createRoute({
    method: "get",
    path: `/v2/schemas/${name}`,
    operationId,
    summary: `Show the schema '${name}'`,
    tags: ["schemas"],
    security: SECURED,
    responses: { 200: json(JsonSchema, "The schema."), ...errors() },
  });

export const showImageSchema = schemaRoute("image", "showImageSchema");
export const showImagesSchema = schemaRoute("images", "showImagesSchema");
export const showMemberSchema = schemaRoute("member", "showMemberSchema");
export const showMembersSchema = schemaRoute("members", "showMembersSchema");
export const showTaskSchema = schemaRoute("task", "showTaskSchema");
export const showTasksSchema = schemaRoute("tasks", "showTasksSchema");

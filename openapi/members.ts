/** /v2/images/{id}/members (docs/reference/images-api.md §2.13). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, ImageIdParam, json, jsonBody, SECURED } from "./common.ts";

const MemberStatusField = z.enum(["pending", "accepted", "rejected"]).openapi("MemberStatus");

export const Member = z.object({
  member_id: z.string().openapi({ description: "Project id." }),
  image_id: z.string(),
  status: MemberStatusField,
  created_at: z.string(),
  updated_at: z.string(),
  schema: z.string(),
}).openapi("Member");

const MemberList = z.object({ members: z.array(Member), schema: z.string() }).openapi("MemberList");

const MemberCreate = z.object({ member: z.string().min(1).max(255) }).openapi("MemberCreate");

const MemberUpdate = z.object({ status: MemberStatusField }).openapi("MemberUpdate");

const MemberParams = ImageIdParam.extend({
  member_id: z.string().openapi({ param: { name: "member_id", in: "path" }, description: "Project id." }),
});

export const listMembers = createRoute({
  method: "get",
  path: "/v2/images/{image_id}/members",
  operationId: "listMembers",
  summary: "List the members of a shared image",
  tags: ["members"],
  security: SECURED,
  request: { params: ImageIdParam },
  responses: { 200: json(MemberList, "The members."), ...errors(403, 404) },
});

export const addMember = createRoute({
  method: "post",
  path: "/v2/images/{image_id}/members",
  operationId: "addMember",
  summary: "Share an image with a project",
  tags: ["members"],
  security: SECURED,
  request: { params: ImageIdParam, body: jsonBody(MemberCreate, "The project.") },
  responses: { 200: json(Member, "The membership, pending."), ...errors(403, 404, 409, 413) },
});

export const showMember = createRoute({
  method: "get",
  path: "/v2/images/{image_id}/members/{member_id}",
  operationId: "showMember",
  summary: "Show a member",
  tags: ["members"],
  security: SECURED,
  request: { params: MemberParams },
  responses: { 200: json(Member, "The membership."), ...errors(404) },
});

export const updateMember = createRoute({
  method: "put",
  path: "/v2/images/{image_id}/members/{member_id}",
  operationId: "updateMember",
  summary: "Accept or reject a shared image",
  tags: ["members"],
  security: SECURED,
  request: { params: MemberParams, body: jsonBody(MemberUpdate, "The new status.") },
  responses: { 200: json(Member, "The membership."), ...errors(403, 404, 413) },
});

export const removeMember = createRoute({
  method: "delete",
  path: "/v2/images/{image_id}/members/{member_id}",
  operationId: "removeMember",
  summary: "Stop sharing with a project",
  tags: ["members"],
  security: SECURED,
  request: { params: MemberParams },
  responses: { 204: { description: "Removed." }, ...errors(403, 404) },
});

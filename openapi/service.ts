/** What needs no token: versions, health, the contract itself (docs/reference/images-api.md §1, docs/reference/auth-and-middleware.md §8). */
import { createRoute, z } from "@hono/zod-openapi";
import { ErrorBody, json, OPEN } from "./common.ts";

const VersionList = z.object({
  versions: z.array(z.object({
    id: z.string().openapi({ example: "v2.17" }),
    status: z.enum(["CURRENT", "SUPPORTED"]),
    links: z.array(z.object({ rel: z.literal("self"), href: z.string() })),
  })),
}).openapi("VersionList");

export const discoverVersions = createRoute({
  method: "get",
  path: "/",
  operationId: "discoverVersions",
  summary: "Discover the versions (multiple choices)",
  tags: ["versions"],
  security: OPEN,
  responses: { 300: json(VersionList, "The versions.") },
});

export const listVersions = createRoute({
  method: "get",
  path: "/versions",
  operationId: "listVersions",
  summary: "List the versions",
  tags: ["versions"],
  security: OPEN,
  responses: { 200: json(VersionList, "The versions.") },
});

const TEXTS = { "text/plain": { schema: z.string() }, "text/html": { schema: z.string() } };

/** What each backend of the check says. */
const Health = z.looseObject({ detailed: z.boolean(), reasons: z.array(z.string()) }).openapi(
  "Health",
);

/** The same, with what requests need: each part is `OK`, or why it cannot be used. */
const Readiness = Health.extend({ parts: z.record(z.string(), z.string()) }).openapi("Readiness");

const HEALTH = { ...TEXTS, "application/json": { schema: Health } };

export const showHealth = createRoute({
  method: "get",
  path: "/healthcheck",
  operationId: "showHealth",
  summary: "Report whether the service should be used",
  tags: ["service"],
  security: OPEN,
  responses: {
    200: { description: "Healthy.", content: HEALTH },
    404: {
      description: "The check does not answer requests from there.",
      content: { ...TEXTS, "application/json": { schema: ErrorBody } },
    },
    503: { description: "Taken out of service.", content: HEALTH },
  },
});

const READINESS = { ...TEXTS, "application/json": { schema: Readiness } };

export const showReadiness = createRoute({
  method: "get",
  path: "/healthcheck/ready",
  operationId: "showReadiness",
  summary: "Report whether the parts that requests need are usable",
  tags: ["service"],
  security: OPEN,
  responses: {
    200: { description: "All parts can be used.", content: READINESS },
    404: {
      description: "The check does not answer requests from there.",
      content: { ...TEXTS, "application/json": { schema: ErrorBody } },
    },
    503: { description: "A part cannot be used, or the service is taken out.", content: READINESS },
  },
});

export const showContract = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "showContract",
  summary: "This document",
  tags: ["service"],
  security: OPEN,
  responses: { 200: json(z.looseObject({ openapi: z.string() }), "OpenAPI 3.1.") },
});

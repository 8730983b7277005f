/** /v2/info and /v2/stores: what this service offers (docs/reference/images-api.md §2.11, §2.14). */
import { createRoute, z } from "@hono/zod-openapi";
import { errors, json, SECURED } from "./common.ts";

const StoreInfo = z.object({
  id: z.string(),
  description: z.string().optional(),
  default: z.literal("true").optional(),
  "read-only": z.literal("true").optional(),
}).openapi("Store");

const StoreDetail = StoreInfo.extend({
  type: z.string(),
  properties: z.record(z.string(), z.unknown()),
  weight: z.int(),
}).openapi("StoreDetail");

const Resource = z.enum([
  "image_size_total",
  "image_stage_total",
  "image_count_total",
  "image_count_uploading",
]);

const ImportInfo = z.object({
  "import-methods": z.object({
    description: z.string(),
    type: z.literal("array"),
    value: z.array(z.string()),
  }),
}).openapi("ImportInfo");

export const showImportInfo = createRoute({
  method: "get",
  path: "/v2/info/import",
  operationId: "showImportInfo",
  summary: "List the import methods",
  tags: ["info"],
  security: SECURED,
  responses: { 200: json(ImportInfo, "The methods."), ...errors() },
});

export const listStores = createRoute({
  method: "get",
  path: "/v2/info/stores",
  operationId: "listStores",
  summary: "List the stores",
  tags: ["info"],
  security: SECURED,
  responses: {
    200: json(z.object({ stores: z.array(StoreInfo) }).openapi("StoreList"), "The stores."),
    ...errors(404),
  },
});

export const showUsage = createRoute({
  method: "get",
  path: "/v2/info/usage",
  operationId: "showUsage",
  summary: "Show what the project uses of its limits",
  tags: ["info"],
  security: SECURED,
  responses: {
    200: json(
      z.object({ usage: z.partialRecord(Resource, z.object({ usage: z.int(), limit: z.int() })) })
        .openapi("Usage"),
      "Usage and limits in images or MiB; empty unless the service takes limits from Keystone.",
    ),
    ...errors(503),
  },
});

export const listStoresDetail = createRoute({
  method: "get",
  path: "/v2/info/stores/detail",
  operationId: "listStoresDetail",
  summary: "List the stores with their settings",
  tags: ["info"],
  security: SECURED,
  responses: {
    200: json(z.object({ stores: z.array(StoreDetail) }).openapi("StoreDetailList"), "The stores."),
    ...errors(403, 404),
  },
});

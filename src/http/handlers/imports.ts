/** Stage and import (docs/reference/images-api.md §2.7, §2.8). */
import type { importImage as importRoute } from "../../../openapi/image_import.ts";
import type { stageImageData } from "../../../openapi/image_stage.ts";
import { importImage } from "../../imports/import_image.ts";
import { requireStaging, stageImage } from "../../imports/stage.ts";
import { type Call, empty, incoming } from "../bind.ts";
import { declaredSize, requireOctetStream, uploadBody } from "./image_data.ts";

export async function stage(call: Call<typeof stageImageData>): Promise<Response> {
  const { ctx, request } = call;
  requireStaging(ctx);
  requireOctetStream(request);
  await stageImage(ctx, {
    id: call.param("image_id"),
    body: uploadBody(request),
    size: declaredSize(call),
  });
  return empty(call, 204);
}

export async function importData(call: Call<typeof importRoute>): Promise<Response> {
  const { ctx } = call;
  const store = call.headers()["x-image-meta-store"] ?? null;
  const id = call.param("image_id");
  const asked = incoming(call, { method: "POST", path: `/v2/images/${id}/import` });
  const { requestId } = await importImage(ctx, id, call.body, { store, asked });
  const response = empty(call, 202);
  response.headers.set("x-openstack-request-id", requestId);
  return response;
}

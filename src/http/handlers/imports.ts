/** Stage and import (spec/images-api.md §2.7, §2.8). */
import { importImage } from "../../imports/import_image.ts";
import type { ImportRequest } from "../../imports/job.ts";
import { requireStaging, stageImage } from "../../imports/stage.ts";
import type { Call } from "../bind.ts";
import { incoming } from "../incoming.ts";
import { empty } from "../reply.ts";
import { declaredSize, requireOctetStream, uploadBody } from "./image_data.ts";

export async function stage(call: Call): Promise<Response> {
  const { ctx, request } = call;
  requireStaging(ctx);
  requireOctetStream(request);
  await stageImage(ctx, {
    id: call.param("image_id"),
    body: uploadBody(request),
    size: declaredSize(request),
  });
  return empty(call, 204);
}

export async function importData(call: Call): Promise<Response> {
  const { ctx, request } = call;
  const store = request.headers.get("x-image-meta-store");
  const id = call.param("image_id");
  const asked = incoming(call, { method: "POST", path: `/v2/images/${id}/import` });
  const { requestId } = await importImage(ctx, id, call.body as ImportRequest, { store, asked });
  const response = empty(call, 202);
  response.headers.set("x-openstack-request-id", requestId);
  return response;
}

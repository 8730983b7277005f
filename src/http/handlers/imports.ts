/** Stage and import (spec/images-api.md §2.7, §2.8). */
import { importImage } from "../../imports/import_image.ts";
import type { ImportRequest } from "../../imports/job.ts";
import { requireStaging, stageImage } from "../../imports/stage.ts";
import type { Call } from "../bind.ts";
import { hasBody } from "../json_body.ts";
import { empty } from "../reply.ts";
import { declaredSize, requireOctetStream } from "./image_data.ts";

export async function stage(call: Call): Promise<Response> {
  const { ctx, request } = call;
  requireStaging(ctx);
  requireOctetStream(request);
  await stageImage(ctx, {
    id: call.param("image_id"),
    body: hasBody(request) ? request.body : null,
    size: declaredSize(request),
  });
  return empty(call, 204);
}

export async function importData(call: Call): Promise<Response> {
  const { ctx, request } = call;
  const store = request.headers.get("x-image-meta-store");
  await importImage(ctx, call.param("image_id"), call.body as ImportRequest, store);
  return empty(call, 202);
}

/** /v2/images/{id}/metadefs-check (docs/metadefs.md). */
import type { checkMetadefs } from "../../../openapi/metadefs_check.ts";
import { checkImage } from "../../metadefs/check_image.ts";
import type { Call } from "../bind.ts";
import { json } from "../reply.ts";

export async function check(call: Call<typeof checkMetadefs>): Promise<Response> {
  const id = call.param("image_id");
  return json(call, { image_id: id, ...await checkImage(call.ctx, id) });
}

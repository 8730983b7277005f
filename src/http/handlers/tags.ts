/** /v2/images/{id}/tags (docs/reference/images-api.md §2.13). */
import type * as routes from "../../../openapi/tags.ts";
import { addTag, removeTag } from "../../tags/tags.ts";
import { type Call, empty } from "../bind.ts";

export async function add(call: Call<typeof routes.addTag>): Promise<Response> {
  await addTag(call.ctx, call.param("image_id"), call.param("tag"));
  return empty(call, 204);
}

export async function remove(call: Call<typeof routes.removeTag>): Promise<Response> {
  await removeTag(call.ctx, call.param("image_id"), call.param("tag"));
  return empty(call, 204);
}

/** /v2/images/{id}/tags and /actions (spec/images-api.md §2.12, §2.13). */
import { setActive } from "../../images/set_active.ts";
import { addTag } from "../../tags/add.ts";
import { removeTag } from "../../tags/remove.ts";
import type { Call } from "../bind.ts";
import { empty } from "../reply.ts";

export async function add(call: Call): Promise<Response> {
  await addTag(call.ctx, call.param("image_id"), call.param("tag"));
  return empty(call, 204);
}

export async function remove(call: Call): Promise<Response> {
  await removeTag(call.ctx, call.param("image_id"), call.param("tag"));
  return empty(call, 204);
}

export async function deactivate(call: Call): Promise<Response> {
  await setActive(call.ctx, call.param("image_id"), "deactivate");
  return empty(call, 204);
}

export async function reactivate(call: Call): Promise<Response> {
  await setActive(call.ctx, call.param("image_id"), "reactivate");
  return empty(call, 204);
}

/** Locations, copies in stores, and tasks of an image (docs/reference/images-api.md §2.8.7, §2.10, §2.11). */
import type { listImageTasks } from "../../../openapi/image_tasks.ts";
import type * as routes from "../../../openapi/locations.ts";
import { addLocation, deleteFromStore, listLocations } from "../../locations/locations.ts";
import { imageTasks, progressOf } from "../../tasks/read.ts";
import { asciiJson, type Call, empty } from "../bind.ts";
import { imageTaskView } from "../view/task.ts";

export async function list(call: Call<typeof routes.listLocations>): Promise<Response> {
  return asciiJson(call, await listLocations(call.ctx, call.param("image_id")));
}

export async function add(call: Call<typeof routes.addLocation>): Promise<Response> {
  const { url, validation_data: given = {} } = call.body;
  const { os_hash_algo, os_hash_value } = given;
  // The contract requires both or neither.
  const validation = os_hash_algo === undefined || os_hash_value === undefined
    ? null
    : { os_hash_algo, os_hash_value };
  await addLocation(call.ctx, call.param("image_id"), url, validation);
  return empty(call, 202);
}

export async function removeCopy(call: Call<typeof routes.deleteFromStore>): Promise<Response> {
  await deleteFromStore(call.ctx, call.param("store_id"), call.param("image_id"));
  return empty(call, 204);
}

export async function tasks(call: Call<typeof listImageTasks>): Promise<Response> {
  const found = await imageTasks(call.ctx, call.param("image_id"));
  const progress = call.query().progress === "true" ? await progressOf(call.ctx.deps, found) : null;
  return asciiJson(call, { tasks: found.map((task) => imageTaskView(task, progress?.get(task.id))) });
}

/** Locations, copies in stores, and tasks of an image (spec/images-api.md §2.8.7, §2.10, §2.11). */
import type { TaskRecord } from "../../../db/task_records.ts";
import { addLocation, type HashGiven } from "../../locations/add.ts";
import { deleteFromStore } from "../../locations/delete_from_store.ts";
import { listLocations } from "../../locations/list.ts";
import { imageTasks } from "../../tasks/of_image.ts";
import { progressOf } from "../../tasks/progress.ts";
import type { Call } from "../bind.ts";
import { asciiJson, empty } from "../reply.ts";

export async function list(call: Call): Promise<Response> {
  return asciiJson(call, await listLocations(call.ctx, call.param("image_id")));
}

export async function add(call: Call): Promise<Response> {
  const { url, validation_data: given } = call.body as { url: string; validation_data?: Partial<HashGiven> };
  const validation = given?.os_hash_algo === undefined ? null : given as HashGiven;
  await addLocation(call.ctx, call.param("image_id"), url, validation);
  return empty(call, 202);
}

export async function removeCopy(call: Call): Promise<Response> {
  await deleteFromStore(call.ctx, call.param("store_id"), call.param("image_id"));
  return empty(call, 204);
}

export async function tasks(call: Call): Promise<Response> {
  const found = await imageTasks(call.ctx, call.param("image_id"));
  const progress = call.query.get("progress") === "true" ? await progressOf(call.ctx.deps, found) : null;
  return asciiJson(call, {
    tasks: found.map((task) => {
      const far = progress?.get(task.id);
      return far ? { ...taskView(task), progress: far } : taskView(task);
    }),
  });
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff`, without a zone. */
function rawTime(time: string | null): string | null {
  return time === null ? null : time.replace(" ", "T");
}

function taskView(task: TaskRecord) {
  return {
    id: task.id,
    type: task.type,
    status: task.status,
    owner: task.owner,
    expires_at: rawTime(task.expires_at),
    created_at: rawTime(task.created_at),
    updated_at: rawTime(task.updated_at),
    deleted_at: rawTime(task.deleted_at),
    deleted: task.deleted,
    image_id: task.image_id,
    request_id: task.request_id,
    user_id: task.user_id,
    input: task.input,
    result: task.result,
    message: task.message,
  };
}

/** The JSON of a task (docs/reference/tasks-api.md §2). */
import type { TaskProgress, TaskRecord } from "../../../db/task_records.ts";
import { apiTime } from "../../util/timestamp.ts";

/** An item of a list. */
export function taskSummary(task: TaskRecord): Record<string, unknown> {
  return {
    id: task.id,
    type: task.type,
    status: task.status,
    owner: task.owner,
    ...(task.expires_at === null ? {} : { expires_at: apiTime(task.expires_at) }),
    created_at: apiTime(task.created_at),
    updated_at: apiTime(task.updated_at),
    self: `/v2/tasks/${task.id}`,
    schema: "/v2/schemas/task",
  };
}

/** The whole task; `progress` if the request asks for it and the task is in progress. */
export function taskView(task: TaskRecord, progress?: TaskProgress): Record<string, unknown> {
  return {
    ...taskSummary(task),
    input: task.input,
    message: task.message ?? "",
    result: task.result,
    ...(task.image_id === null ? {} : { image_id: task.image_id }),
    ...(task.request_id === null ? {} : { request_id: task.request_id }),
    ...(task.user_id === null ? {} : { user_id: task.user_id }),
    ...(progress ? { progress } : {}),
  };
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff`, without a zone. */
function rawTime(time: string | null): string | null {
  if (time === null) return null;
  // MariaDB keeps whole seconds, and upstream writes them with six digits all the same.
  return `${time.replace(" ", "T")}${time.includes(".") ? "" : ".000000"}`;
}

/** A task in the list of its image, with database keys and times (docs/reference/tasks-api.md §7). */
export function imageTaskView(task: TaskRecord, progress?: TaskProgress) {
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
    ...(progress ? { progress } : {}),
  };
}

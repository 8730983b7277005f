/** What each write tells (spec/background-jobs.md §7). A write that changes nothing tells nothing. */
import type { DatabaseWrites } from "../../db/database.ts";
import type { NewEvent } from "../../db/event_records.ts";
import type { ImageTransition } from "../../db/records.ts";
import type { TaskEnd } from "../../db/task_records.ts";
import { isError } from "../errors.ts";

/** For each write, from its input, what it tells. */
export type EventTable = {
  [K in keyof DatabaseWrites]?: (input: Parameters<DatabaseWrites[K]>[0]) => NewEvent[];
};

/** An event about the image that a write answers with, or about the one of that id. */
export function imageEvent(type: string, id?: string): NewEvent {
  return { type, priority: "INFO", about: { kind: "image", ...(id === undefined ? {} : { id }) } };
}

/** Data is about to be written, to `backend` in multi-store mode. */
export function prepareEvent(backend: string | null, id?: string): NewEvent {
  return { ...imageEvent("image.prepare", id), ...(backend === null ? {} : { extra: { backend } }) };
}

/** Data could not be written; why, as far as it is for others, is the whole payload. */
export function uploadFailedEvent(error: unknown): NewEvent {
  const text = isError(error, "store_timeout")
    ? `Filesystem store operation timed out: ${error.message}`
    : isError(error)
    ? error.message
    : "Failed to upload image data due to internal error";
  return { type: "image.upload", priority: "ERROR", about: { kind: "payload", payload: text } };
}

const updated = () => [imageEvent("image.update")];

function transitionEvents(change: ImageTransition): NewEvent[] {
  const { to, beginUpload } = change;
  if (to === "saving" && beginUpload) return [prepareEvent(beginUpload.store_id)];
  if (!bringsData(change)) return updated();
  const activated = to === "active" ? [imageEvent("image.activate")] : [];
  return [imageEvent("image.upload"), ...activated, ...updated()];
}

/** An import says to which stores it still goes; that tells its data from a location that somebody names. */
function bringsData({ to, endUpload, addLocations, setProperties }: ImageTransition): boolean {
  if (endUpload !== undefined) return to === "active";
  return (addLocations ?? []).length > 0 && setProperties?.os_glance_importing_to_stores !== undefined;
}

function memberEvent(type: string, which: { imageId?: string; member?: string } = {}): NewEvent {
  return { type, priority: "INFO", about: { kind: "member", ...which } };
}

function taskEvent(type: string, which: { id?: string; token?: string } = {}): NewEvent {
  return { type, priority: "INFO", about: { kind: "task", ...which } };
}

function endEvents(token: string | undefined, end: TaskEnd | undefined): NewEvent[] {
  return token === undefined || !end ? [] : [taskEvent(`task.${end.status}`, { token })];
}

/** Of images and members; who has more to tell gives the events himself (`tell`). */
export const IMAGE_EVENTS: EventTable = {
  createImage: () => [imageEvent("image.create")],
  createImageWithin: () => [imageEvent("image.create")],
  changeImage: updated,
  transitionImage: transitionEvents,
  transitionImageWithin: ({ change }) => transitionEvents(change),
  preemptTask: ({ imageId, setProperties = {} }) =>
    Object.keys(setProperties).length > 0 ? [imageEvent("image.update", imageId)] : [],
  takeStranded: ({ id }) => [imageEvent("image.update", id)],
  deleteImage: () => [imageEvent("image.delete")],
  addTag: ({ id }) => [imageEvent("image.update", id)],
  removeTag: ({ id }) => [imageEvent("image.update", id)],
  dropLocation: updated,
  addMember: () => [memberEvent("image.member.create")],
  setMemberStatus: () => [memberEvent("image.member.update")],
  removeMember: ({ imageId, member }) => [memberEvent("image.member.delete", { imageId, member })],
};

/** Of tasks; told in any case. */
export const TASK_EVENTS: EventTable = {
  createTask: () => [taskEvent("task.create")],
  startTask: () => [taskEvent("task.create")],
  changeTask: ({ id, status }) =>
    status === "processing"
      ? [taskEvent("task.run", { id }), taskEvent("task.processing", { id })]
      : [taskEvent(`task.${status}`, { id })],
  endTask: ({ token, end }) => endEvents(token, end),
  preemptTask: ({ taskId, end }) => [taskEvent(`task.${end.status}`, { id: taskId })],
  transitionImage: ({ task, endTask }) => endEvents(task, endTask),
  transitionImageWithin: ({ change }) => endEvents(change.task, change.endTask),
};

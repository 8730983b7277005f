/** The writes by name: what the writer, in whatever thread it runs, can be asked to do. */
import type { WriteConn } from "../conn.ts";
import type { Database, DatabaseWrites } from "../database.ts";
import type { NewEvent } from "../event_records.ts";
import { beginCopyDeletion, beginDeletion, cancelDeletion, takeDeletion } from "./deletions_write.ts";
import { deleteImage } from "./image_delete.ts";
import { transitionImage } from "./image_transition.ts";
import { changeImage, createImage } from "./images_write.ts";
import { createImageWithin, transitionImageWithin } from "./limited_write.ts";
import { dropLocation, setLocationMetadata } from "./locations_write.ts";
import { addMember, removeMember, setMemberStatus } from "./members_write.ts";
import { METADEF_WRITES } from "./metadef_verbs.ts";
import { dropEvents, dropOldEvents, releaseEvents, takeEvents, tellOnly } from "./outbox_write.ts";
import { takeStranded } from "./stranded.ts";
import { addTag, removeTag } from "./tags_write.ts";
import { endTask, preemptTask, renewTasks, startTask, takeTask } from "./task_leases_write.ts";
import { changeTask, createTask, sweepTasks } from "./tasks_write.ts";
import { cancelUpload, probe, renewUploads, takeUpload } from "./uploads_write.ts";

type Write<K extends keyof DatabaseWrites> = (
  conn: WriteConn,
  input: Parameters<DatabaseWrites[K]>[0],
) => ReturnType<DatabaseWrites[K]>;

/** Each runs inside one transaction (a savepoint of one), awaits only its connection, and takes plain data. */
export const WRITES: { [K in keyof DatabaseWrites]: Write<K> } = {
  createTask,
  changeTask,
  startTask,
  renewTasks,
  takeTask,
  endTask,
  preemptTask,
  sweepTasks,
  createImage,
  changeImage,
  transitionImage,
  createImageWithin,
  transitionImageWithin,
  deleteImage,
  takeStranded,
  beginDeletion,
  beginCopyDeletion,
  takeDeletion,
  cancelDeletion,
  addTag,
  removeTag,
  addMember,
  setMemberStatus,
  removeMember,
  dropLocation,
  setLocationMetadata,
  ...METADEF_WRITES,
  renewUploads,
  takeUpload,
  cancelUpload,
  probe,
  tellOnly,
  takeEvents,
  dropEvents,
  releaseEvents,
  dropOldEvents,
};

export type WriteName = keyof DatabaseWrites;

/** Hands a write to where it runs. */
export type Send = (name: WriteName, input: unknown, events?: readonly NewEvent[]) => Promise<unknown>;

/** `Database.write` and `telling`, whose every function hands its name and input to `send`. */
export function writersBy(send: Send): Pick<Database, "write" | "telling"> {
  return {
    write: writesBy((name, input) => send(name, input)),
    telling: (events, told) =>
      writesBy(async (name, input) => {
        const result = await send(name, input, events);
        told?.();
        return result;
      }),
  };
}

function writesBy(send: (name: WriteName, input: unknown) => Promise<unknown>): DatabaseWrites {
  const names = Object.keys(WRITES) as WriteName[];
  const entries = names.map((name) => [name, (input: unknown) => send(name, input)]);
  return Object.fromEntries(entries) as unknown as DatabaseWrites;
}

/** The writes by name: what the writer, in whatever thread it runs, can be asked to do. */
import type { WriteConn } from "../conn.ts";
import type { DatabaseWrites } from "../database.ts";
import { beginCopyDeletion, beginDeletion, cancelDeletion, takeDeletion } from "./deletions_write.ts";
import { deleteImage } from "./image_delete.ts";
import { transitionImage } from "./image_transition.ts";
import { changeImage, createImage } from "./images_write.ts";
import { createImageWithin, transitionImageWithin } from "./limited_write.ts";
import { dropLocation, setLocationMetadata } from "./locations_write.ts";
import { addMember, removeMember, setMemberStatus } from "./members_write.ts";
import { METADEF_WRITES } from "./metadef_verbs.ts";
import { dropEvents, dropOldEvents, recordEvents, releaseEvents, takeEvents } from "./outbox_write.ts";
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
  recordEvents,
  takeEvents,
  dropEvents,
  releaseEvents,
  dropOldEvents,
};

export type WriteName = keyof DatabaseWrites;

/** Hands a write to where it runs. */
export type Send = (name: WriteName, input: unknown) => Promise<unknown>;

/** `Database.write`, whose every function hands its name and input to `send`. */
export function writesBy(send: Send): DatabaseWrites {
  const names = Object.keys(WRITES) as WriteName[];
  const entries = names.map((name) => [name, (input: unknown) => send(name, input)]);
  return Object.fromEntries(entries) as unknown as DatabaseWrites;
}

/** Runs one write on the connection of a transaction. */
export async function perform(
  conn: WriteConn,
  { name, input }: { name: WriteName; input: unknown },
): Promise<unknown> {
  return await (WRITES[name] as (conn: WriteConn, input: unknown) => Promise<unknown>)(conn, input);
}

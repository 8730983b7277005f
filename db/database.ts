/**
 * The database as the domain sees it: named reads and named writes, each write one transaction.
 * `db/open.ts` makes one; this file holds only its shape.
 */
import type {
  DeletionLease,
  ImageChange,
  ImageListQuery,
  ImageRecord,
  ImageTotals,
  ImageTransition,
  LocationRecord,
  MemberRecord,
  MemberStatus,
  NewImage,
  OverLimit,
  StrandedImage,
  StrandedTask,
  Timestamp,
  TransitionResult,
  UploadLease,
  UsageLimit,
  UsageRecord,
  Viewer,
} from "./records.ts";
import type { EventRecord, LooseEvent } from "./event_records.ts";
import type { MetadefReads, MetadefWrites } from "./metadef_database.ts";
import type {
  NewTask,
  NewTaskLease,
  TaskChange,
  TaskEnd,
  TaskLease,
  TaskListQuery,
  TaskProgress,
  TaskRecord,
} from "./task_records.ts";

export interface DatabaseReads extends MetadefReads {
  /** The image when its row exists for the viewer: not deleted, not pending_delete, visible (spec/images-api.md §3.6). */
  image(input: { id: string; viewer: Viewer }): Promise<ImageRecord | null>;
  /** One page, in one query. */
  images(input: ImageListQuery): Promise<ImageRecord[]>;
  /** Locations whose data waits for the scrubber, of an image that is there or deleted. */
  delayedLocations(input: { imageId: string }): Promise<LocationRecord[]>;
  /** Members with `deleted = 0`, in stored order. */
  members(input: { imageId: string; member?: string }): Promise<MemberRecord[]>;
  /** One of the numbers of `usage`, of the owner's images other than `exceptImage`. */
  used(
    input: { resource: keyof UsageRecord; owner: string | null; exceptImage?: string },
  ): Promise<number>;
  usage(input: { owner: string | null }): Promise<UsageRecord>;
  /** What there is of images, of whatever owner. */
  imageTotals(): Promise<ImageTotals>;
  /** Every upload under way, of this process and of others. */
  uploads(): Promise<UploadLease[]>;
  /** Images in a transfer or locked that no process of ours works on, unchanged since `before`; oldest first. */
  strandedImages(input: { before: Timestamp }): Promise<StrandedImage[]>;
  /** Tasks that have not ended, lock no image, and have nobody at work on them; as above. */
  strandedTasks(input: { before: Timestamp }): Promise<StrandedTask[]>;
  /** Every deletion under way, of this process and of others. */
  deletions(): Promise<DeletionLease[]>;
  /** With `deleted` also one that has been swept. */
  task(input: { id: string; deleted?: boolean }): Promise<TaskRecord | null>;
  /** One page. */
  tasks(input: TaskListQuery): Promise<TaskRecord[]>;
  /** Every task under way, of this process and of others; with `taskIds` only those. */
  taskLeases(input: { taskIds?: string[] }): Promise<TaskLease[]>;
  /** Tasks of an image that have not expired at `now`, oldest first; with `owner` only that project's. */
  imageTasks(input: { imageId: string; owner?: string; now: Timestamp }): Promise<TaskRecord[]>;
  /** Who sends the oldest event that waits, null = nobody, and since when it waits; null when none does. */
  oldestEvent(): Promise<{ owner: string | null; created_at: Timestamp } | null>;
  /** `SELECT 1`: for health. */
  ping(): Promise<void>;
}

export interface DatabaseWrites extends MetadefWrites {
  createTask(input: NewTask): Promise<TaskRecord>;
  /** False when the task is in another status than `from` says, or gone. */
  changeTask(input: TaskChange): Promise<boolean>;
  /** Makes a task with its lease; with `lock` also locks the image, null when that cannot be had. */
  startTask(input: { task: NewTask; lease: NewTaskLease; lock: boolean }): Promise<TaskRecord | null>;
  /**
   * Writes how far these runs are and until when they are to be believed; their tasks that have not changed since
   * `silentSince` get a new `updated_at`. Answers the tokens of those that may go on.
   */
  renewTasks(
    input: { runs: (TaskProgress & { token: string })[]; expiresAt: Timestamp; silentSince: Timestamp },
  ): Promise<string[]>;
  /** Gives the lease of `token` to another run, which `counts` as an attempt; false when it is not held any more. */
  takeTask(
    input: { token: string; by: Pick<TaskLease, "token" | "owner" | "expires_at">; counts: boolean },
  ): Promise<boolean>;
  /** Ends the task of a run; its lock and its lease go. False when the run does not hold it any more. */
  endTask(input: { token: string; end: TaskEnd }): Promise<boolean>;
  /**
   * Ends a task that holds an image and is taken for lost; its lock and its lease go. False, and nothing is changed,
   * unless it still has the lock and its lease (null = none) is that of `token`.
   */
  preemptTask(
    input: {
      imageId: string;
      taskId: string;
      token: string | null;
      end: TaskEnd;
      setProperties?: Record<string, string>;
    },
  ): Promise<boolean>;
  /** Marks the ended tasks of a project deleted that have expired at `now`. */
  sweepTasks(input: { owner: string; now: Timestamp }): Promise<void>;
  /** Throws `conflict` when the id was ever used, also by a deleted image. */
  createImage(input: NewImage): Promise<ImageRecord>;
  /** Writes only what the change names and sets updated_at; null when the image is gone. Never touches status. */
  changeImage(input: ImageChange): Promise<ImageRecord | null>;
  transitionImage(input: ImageTransition): Promise<TransitionResult>;
  /** `createImage` and `transitionImage` when that keeps the limit (null = none), judged in the same transaction. */
  createImageWithin(
    input: { image: NewImage; limit: UsageLimit | null },
  ): Promise<{ outcome: "done"; image: ImageRecord } | OverLimit>;
  transitionImageWithin(
    input: { change: ImageTransition; limit: UsageLimit | null },
  ): Promise<TransitionResult | OverLimit>;
  /**
   * Soft-deletes the image and its children (to `deleted`), or marks it and its active locations `pending_delete`.
   * Works from every live status. The record has the locations it had before.
   */
  deleteImage(input: { id: string; to: "deleted" | "pending_delete" }): Promise<TransitionResult>;
  /**
   * Ends the task of a stranded image and gives the image to an upload that then removes its data; null when it is
   * none any more. After a location import the image is queued, and whatever it pointed to stays. One that is not
   * broken loses its lock alone.
   */
  takeStranded(
    input: { id: string; before: Timestamp; by: Omit<UploadLease, "image_id">; end: TaskEnd },
  ): Promise<StrandedImage | null>;
  /** Takes an image out of sight until its data is gone (`deleteImage`) or stays (`cancelDeletion`); as it was before. */
  beginDeletion(
    input: { id: string; by: Pick<DeletionLease, "token" | "owner" | "expires_at"> },
  ): Promise<{ outcome: "done"; image: ImageRecord } | { outcome: "gone" }>;
  /**
   * Before the data of some locations is removed, so that nobody removes the others at the same time; ended by
   * `cancelDeletion`. `added` = locations that come in their place; `delayed` = their data stays, so that there is
   * nothing that another process must complete.
   */
  beginCopyDeletion(
    input: {
      id: string;
      by: Pick<DeletionLease, "token" | "owner" | "expires_at">;
      locationIds: number[];
      added: number;
      delayed: boolean;
    },
  ): Promise<"done" | "busy" | "changed" | "last" | "gone">;
  /**
   * Gives the deletion of `token` to another process: of some locations, or of the image where they are null. Null
   * when it has ended.
   */
  takeDeletion(
    input: { token: string; by: Pick<DeletionLease, "token" | "owner" | "expires_at"> },
  ): Promise<{ image: ImageRecord; locationIds: number[] | null } | null>;
  /** Brings the image back as it was, without these locations. Nothing when it is not held. */
  cancelDeletion(input: { token: string; dropLocationIds: number[] }): Promise<void>;
  /** Adds the tag unless present, up to `quota` tags (negative = any); touches updated_at. `full` says how many there would be. */
  addTag(
    input: { id: string; tag: string; quota: number },
  ): Promise<{ outcome: "done" | "gone" } | { outcome: "full"; attempted: number }>;
  removeTag(input: { id: string; tag: string }): Promise<"done" | "gone" | "absent">;
  /** Adds or revives a membership with status pending, unless there is a live one (`duplicate`) or `quota` is passed. */
  addMember(
    input: { imageId: string; member: string; quota: number },
  ): Promise<
    | { outcome: "done"; member: MemberRecord }
    | { outcome: "duplicate" | "gone" }
    | { outcome: "full"; attempted: number }
  >;
  setMemberStatus(
    input: { imageId: string; member: string; status: MemberStatus },
  ): Promise<MemberRecord | null>;
  removeMember(input: { imageId: string; member: string }): Promise<boolean>;
  /** Marks one location row `deleted` or `pending_delete`; null when the image is gone. */
  dropLocation(
    input: { id: string; locationId: number; to: "deleted" | "pending_delete" },
  ): Promise<ImageRecord | null>;
  /** Replaces the metadata of a location row. */
  setLocationMetadata(
    input: { id: string; locationId: number; metadata: Record<string, unknown> },
  ): Promise<void>;
  /** Sets the end of these leases; answers the tokens of those that there still are. */
  renewUploads(input: { tokens: string[]; expiresAt: Timestamp }): Promise<string[]>;
  /** Gives the lease of `token` to another upload; false when it is not held any more. */
  takeUpload(
    input: { token: string; by: Pick<UploadLease, "token" | "owner" | "expires_at"> },
  ): Promise<boolean>;
  /**
   * Ends an upload without data: a `saving` image is `queued` again, the lease goes. Nothing when it is not held.
   * `failure`: what the notification says of the failed upload; it is recorded in any case.
   */
  cancelUpload(input: { token: string; failure?: string }): Promise<void>;
  /** Writes some pages and takes them back in the same transaction: for health. Errors: unavailable when there is no space. */
  probe(input?: undefined): Promise<void>;
  /** Records events that go with no change; those that are not wanted are left out. */
  recordEvents(input: { events: LooseEvent[] }): Promise<void>;
  /**
   * The oldest `limit` events, in order, held by `owner` until `expiresAt`; none while another sender has some, unless
   * it is the `dead` one.
   */
  takeEvents(
    input: { owner: string; now: Timestamp; expiresAt: Timestamp; limit: number; dead: string | null },
  ): Promise<EventRecord[]>;
  /** Removes events that were sent. */
  dropEvents(input: { owner: string; ids: number[] }): Promise<void>;
  /** Lets go of what `owner` holds. */
  releaseEvents(input: { owner: string }): Promise<void>;
  /** Removes what is older; answers how many that were. */
  dropOldEvents(input: { before: Timestamp }): Promise<number>;
}

export interface Database {
  read: DatabaseReads;
  write: DatabaseWrites;
  /** Calls `listener` after each commit of this process that recorded events; null: no longer. */
  onEvents(listener: (() => void) | null): void;
  /** Waits for the writes that were accepted, then closes everything. */
  close(): Promise<void>;
}

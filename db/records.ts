/** What the database gives and takes: plain records, in the columns' own names (docs/reference/data-model.md §1). */

import type { TaskEnd, TaskProgress, TaskStatus } from "./task_records.ts";

/** A time as the database keeps it: naive UTC, `YYYY-MM-DD HH:MM:SS.ffffff`. */
export type Timestamp = string;

export type ImageStatus =
  | "queued"
  | "saving"
  | "uploading"
  | "importing"
  | "active"
  | "deactivated"
  | "killed"
  | "pending_delete"
  | "deleted";

export type Visibility = "public" | "private" | "shared" | "community";
export type MemberStatus = "pending" | "accepted" | "rejected";
type LocationStatus = "active" | "pending_delete" | "deleted" | "pending" | "uploading";

/** A place where the bytes of an image lie. `metadata` is JSON; `metadata.store` names the store in multi-store mode. */
export interface LocationRecord {
  id: number;
  url: string;
  metadata: Record<string, unknown>;
  status: LocationStatus;
}

/** The columns of `images` that a verb may set. */
export interface ImageColumns {
  name: string | null;
  size: number | null;
  virtual_size: number | null;
  status: ImageStatus;
  visibility: Visibility;
  disk_format: string | null;
  container_format: string | null;
  checksum: string | null;
  os_hash_algo: string | null;
  os_hash_value: string | null;
  owner: string | null;
  min_disk: number;
  min_ram: number;
  protected: boolean;
  os_hidden: boolean;
}

/** An image with all that hangs on it. */
export interface ImageRecord extends ImageColumns {
  id: string;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: Timestamp | null;
  deleted: boolean;
  /** In stored order; a null value only in old rows or by schema-image.json. */
  properties: Record<string, string | null>;
  /** In stored order. */
  tags: string[];
  /** Only rows with status `active`, in stored order (for a deleted image: none). */
  locations: LocationRecord[];
}

export interface MemberRecord {
  image_id: string;
  member: string;
  status: MemberStatus;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** The caller of a query: decides which rows exist for it (docs/reference/images-api.md §3.6). */
export interface Viewer {
  isAdmin: boolean;
  projectId: string | null;
}

/** Sees the records of all projects. */
export const ADMIN_VIEWER: Viewer = { isAdmin: true, projectId: null };

/** A new image; the caller of this layer checks the id. */
export interface NewImage extends Partial<ImageColumns> {
  id: string;
  properties: Record<string, string | null>;
  tags: string[];
}

/** A change to an image: only what is named is written (docs/reference/images-api.md §8.4). */
export interface ImageChange {
  id: string;
  columns?: Partial<Omit<ImageColumns, "status">>;
  /** Set or overwrite these properties; null value is stored as NULL. */
  setProperties?: Record<string, string | null>;
  removeProperties?: string[];
  /** The whole new list of tags. */
  tags?: string[];
  locations?: LocationChange;
}

/** What a change does to the locations of an image. Errors of the write: conflict, in another status than `from`. */
export interface LocationChange {
  from: ImageStatus[];
  /** The image becomes active. */
  activate: boolean;
  add: { url: string; metadata: Record<string, unknown> }[];
  drop: { id: number; to: "deleted" | "pending_delete" }[];
  metadata: { id: number; metadata: Record<string, unknown> }[];
}

/** A conditional change of status: happens only when the image is in one of `from` and not deleted. */
export interface ImageTransition {
  id: string;
  from: ImageStatus[];
  /** `same`: whichever of `from` it is in stays. */
  to: ImageStatus | "same";
  columns?: Partial<Omit<ImageColumns, "status">>;
  /** Locations added in the same transaction. */
  addLocations?: { url: string; metadata: Record<string, unknown> }[];
  /** Also mark every active location deleted (rejected upload, failed import). */
  dropLocations?: boolean;
  /** Ids of single locations to mark deleted. */
  dropLocationIds?: number[];
  setProperties?: Record<string, string | null>;
  removeProperties?: string[];
  /** The lease of the upload that begins, written in the same transaction. */
  beginUpload?: NewUpload;
  /** Token of the upload that ends: only while its lease is held; the lease goes in the same transaction. */
  endUpload?: string;
  /**
   * What it does with data, for its notifications: `prepared`, data is about to be written to the store of
   * `beginUpload`; `uploaded`, data was written. Absent: neither.
   */
  data?: "prepared" | "uploaded";
  /** Token of the task that works on the image: only while it holds its lease. */
  task?: string;
  /** What that task has changed of the image, as it was, as JSON: kept with its lease for the process that sets it back. */
  taskBefore?: string;
  /** That task ends, and its lock and lease go, in the same transaction. */
  endTask?: TaskEnd;
}

/** The lease of an upload: which process writes the data of an image, and until when the lease holds. */
export interface UploadLease {
  image_id: string;
  /** Of this one upload; a later one of the same image has another. */
  token: string;
  /** The process, as src/util/process_name.ts names it. */
  owner: string;
  /** Store that is written to; null in single-store mode. */
  store_id: string | null;
  /** Whether it has run out, by the database's clock. */
  expired: boolean;
}

/** What a lease that is written says of its holder. */
export interface LeaseHolder {
  token: string;
  owner: string;
  /** How long it holds unless it is renewed, from the write on. */
  seconds: number;
}

/** The lease of an upload that begins. */
export type NewUpload = LeaseHolder & Pick<UploadLease, "store_id">;

/** The lease of a deletion: which process removes the data of an image. */
export type DeletionLease = Omit<UploadLease, "store_id">;

/** All leases of a process that are to be renewed, each named by its token; they hold so many seconds from then on. */
export interface LeaseRenewal {
  /** Uploads and deletions. */
  transfers: string[];
  transferSeconds: number;
  tasks: (TaskProgress & { token: string })[];
  taskSeconds: number;
  /** Tasks that have not changed for so long are marked as changed. */
  silentSeconds: number;
}

/** An image that a dead process left in the middle of a transfer, or locked by a task on which no process works. */
export interface StrandedImage {
  id: string;
  name: string | null;
  owner: string | null;
  status: ImageStatus;
  /** Whether the transfer was broken off; false: the image is whole, only locked. */
  broken: boolean;
  /** Its last change. */
  since: Timestamp;
  /** The task that holds its lock; the others are null when it does not exist. */
  task_id: string | null;
  task_type: string | null;
  task_status: TaskStatus | null;
  task_since: Timestamp | null;
}

/** A task without an image, on which no process works. */
export interface StrandedTask {
  id: string;
  type: string;
  status: TaskStatus;
  owner: string;
  since: Timestamp;
}

/** What a transition found. */
export type TransitionResult =
  | { outcome: "done"; image: ImageRecord }
  /** The image is in another status, or `endUpload` is not the upload of it. */
  | { outcome: "status"; status: ImageStatus }
  /** No such image, or deleted. */
  | { outcome: "gone" };

/** One comparison on a column: docs/reference/images-api.md §4.4. All conditions of a list are ANDed. */
export type ListCondition =
  /** Column equals one of the values; an empty list matches nothing. */
  | { kind: "in"; column: keyof ImageColumns | "id"; values: (string | number | boolean)[] }
  /** Integer column between bounds (inclusive); null never matches. */
  | { kind: "range"; column: "size" | "virtual_size" | "min_disk" | "min_ram"; min?: number; max?: number }
  | {
    kind: "time";
    column: "created_at" | "updated_at";
    op: "gt" | "gte" | "lt" | "lte" | "eq" | "neq";
    value: Timestamp;
  }
  | { kind: "property"; name: string; value: string }
  | { kind: "tag"; value: string }
  /** Matches nothing. */
  | { kind: "none" };

export type SortKey =
  | "name"
  | "status"
  | "container_format"
  | "disk_format"
  | "size"
  | "id"
  | "created_at"
  | "updated_at";

/** One page of images (docs/reference/images-api.md §4). */
export interface ImageListQuery {
  viewer: Viewer;
  /** Scope of §4.3; undefined = no visibility filter. */
  visibility?: Visibility | "all";
  memberStatus: MemberStatus | "all";
  osHidden: boolean;
  conditions: ListCondition[];
  /** Already completed with the tie-breakers created_at and id. */
  sort: { key: SortKey; dir: "asc" | "desc" }[];
  limit: number;
  /** Id of the last image of the page before; the caller has checked that it is visible. */
  marker?: string;
}

/** A limit that a write must keep: `used + add` at most `max`, in bytes or images. */
export interface UsageLimit {
  resource: keyof UsageRecord;
  owner: string | null;
  /** What the write brings; what its image uses before is left out of `used`. */
  add: number;
  max: number;
}

/** Nothing was written: it would pass the limit. */
export interface OverLimit {
  outcome: "over";
  used: number;
}

/** All images there are. */
export interface ImageTotals {
  count: number;
  /** Of all copies. */
  bytes: number;
}

/** Usage numbers of a project (docs/reference/data-model.md §2.4). Sizes in bytes. */
export interface UsageRecord {
  image_size_total: number;
  image_stage_total: number;
  image_count_total: number;
  image_count_uploading: number;
}

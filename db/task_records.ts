/** Tasks as the database gives and takes them (docs/reference/data-model.md §1.6). */
import type { LeaseHolder, Timestamp } from "./records.ts";

export type TaskStatus = "pending" | "processing" | "success" | "failure";
export type TaskType = "import" | "api_image_import" | "location_import";

export interface TaskRecord {
  id: string;
  /** Old rows may have other types. */
  type: TaskType | string;
  status: TaskStatus;
  owner: string;
  expires_at: Timestamp | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  deleted_at: Timestamp | null;
  deleted: boolean;
  image_id: string | null;
  request_id: string | null;
  user_id: string | null;
  input: Record<string, unknown> | null;
  result: Record<string, unknown> | null;
  message: string | null;
}

export interface NewTask {
  id: string;
  type: TaskType;
  owner: string;
  image_id: string | null;
  request_id: string | null;
  user_id: string | null;
  input: Record<string, unknown> | null;
}

/** A change of a task; happens only while it is in one of `from`. */
export interface TaskChange {
  id: string;
  from: TaskStatus[];
  status: TaskStatus;
  message?: string | null;
  result?: Record<string, unknown> | null;
  expires_at?: Timestamp | null;
}

/** How a task ends. `message` absent: the last one stays. */
export interface TaskEnd {
  status: "success" | "failure";
  message?: string;
  result?: Record<string, unknown>;
  expires_at: Timestamp;
}

/** How far a task is. */
export interface TaskProgress {
  /** A word for what it does now, for example `staging`. */
  step: string;
  /** Bytes that this step has moved. */
  bytes: number;
  /** Bytes that it will move in all; null = not known. */
  total: number | null;
  /** Bytes a second at present; null = not known. */
  rate: number | null;
}

/** The lease of a task: which process works on it, and until when the lease holds. */
export interface TaskLease extends TaskProgress {
  task_id: string;
  /** The image it works on; for a legacy import the one that it will make. */
  image_id: string | null;
  /** Belongs to this one run; a run that continues the task has another. */
  token: string;
  /** The process, as src/util/process_name.ts names it. */
  owner: string;
  /** Whether it has run out, by the database's clock. */
  expired: boolean;
  /** Runs so far, the present one included. */
  attempts: number;
  /** The caller, as JSON without the token: what another process needs to continue. */
  caller: string;
  /** What it has changed of the image, as it was, as JSON; null when it has changed nothing. */
  before: string | null;
}

export type NewTaskLease = LeaseHolder & Pick<TaskLease, "image_id" | "caller">;

export type TaskSortKey =
  | "id"
  | "type"
  | "status"
  | "owner"
  | "expires_at"
  | "created_at"
  | "updated_at"
  | "image_id"
  | "request_id"
  | "user_id";

/** One page of tasks (docs/reference/tasks-api.md §6). */
export interface TaskListQuery {
  /** Only this project's; absent = all. */
  owner?: string;
  /** Columns that must equal a text. */
  filters: Partial<Record<TaskSortKey, string>>;
  sort: { key: TaskSortKey; dir: "asc" | "desc" };
  limit: number;
  /** The last task of the page before. */
  marker?: TaskRecord;
}

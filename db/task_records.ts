/** Tasks as the database gives and takes them (spec/data-model.md §1.6). */
import type { Timestamp } from "./records.ts";

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

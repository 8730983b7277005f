/** What the event loop and the writer's thread say to each other: batches, so that one message serves many writes. */
import type { ErrorCode } from "../../src/errors.ts";
import type { ConnSettings } from "../conn_settings.ts";
import type { WriteName } from "../database.ts";

export interface WriteRequest {
  id: number;
  name: WriteName;
  input: unknown;
}

/** An error of the closed list in transit. */
export interface SentError {
  code: ErrorCode;
  message: string;
}

export type WriteAnswer = { id: number; value: unknown } | { id: number; error: SentError };

/** What became of a group. */
export interface CommittedGroup {
  answers: WriteAnswer[];
  /** What the commit alone took: mostly the disk's sync. */
  commitMillis: number;
  /** Milliseconds of the writes before it. */
  workMillis: number;
  /** Whether events were recorded. */
  emitted: boolean;
}

export type ToWriter =
  | { kind: "open"; path: string; settings: ConnSettings }
  | { kind: "serve" }
  | { kind: "write"; requests: WriteRequest[] }
  | { kind: "close" };

export type FromWriter =
  | { kind: "opened" }
  | { kind: "failed"; error: SentError }
  | ({ kind: "answers" } & CommittedGroup)
  | { kind: "closed" };

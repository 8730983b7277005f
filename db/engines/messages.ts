/** What the event loop and the writer's thread say to each other: batches, so that one message serves many writes. */
import type { ErrorCode } from "../../src/errors.ts";
import type { NewEvent } from "../event_records.ts";
import type { WriteName } from "../queries/writes.ts";

export interface WriteRequest {
  id: number;
  name: WriteName;
  input: unknown;
  /** To be recorded with the change. */
  events?: readonly NewEvent[];
}

/** An error of the closed list in transit. */
export interface SentError {
  code: ErrorCode;
  message: string;
}

export type WriteAnswer = { id: number; value: unknown } | { id: number; error: SentError };

export type ToWriter =
  | { kind: "open"; path: string }
  | { kind: "serve" }
  | { kind: "write"; requests: WriteRequest[] }
  | { kind: "close" };

export type FromWriter =
  | { kind: "opened" }
  | { kind: "failed"; error: SentError }
  | { kind: "answers"; answers: WriteAnswer[]; commitMillis: number }
  | { kind: "closed" };

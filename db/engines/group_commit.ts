/** Many writes, one fsync: all that wait run as savepoints of one transaction. */
import type { WriteConn } from "../conn.ts";
import { perform } from "../database.ts";
import { BUSY_MILLIS, whileBusy } from "./busy.ts";
import { toGlanceError } from "./engine_error.ts";
import type { CommittedGroup, SentError, WriteAnswer, WriteRequest } from "./messages.ts";

/** A connection that reports whether SQLite rolled the transaction back itself. */
export interface GroupConn extends WriteConn {
  readonly inTransaction: boolean;
}

function sent(error: unknown): SentError {
  const { code, message } = toGlanceError(error);
  return { code, message };
}

async function runOne(conn: GroupConn, request: WriteRequest): Promise<WriteAnswer> {
  const { id } = request;
  await conn.run("SAVEPOINT one");
  try {
    const value = await perform(conn, request);
    await conn.run("RELEASE one");
    return { id, value };
  } catch (error) {
    // A full disk or a failed read ends the whole transaction: then nothing of the group may be called done.
    if (!conn.inTransaction) throw error;
    await conn.run("ROLLBACK TO one");
    await conn.run("RELEASE one");
    return { id, error: sent(error) };
  }
}

/**
 * Runs the requests in order and commits once. An error of one takes only its own changes back; when the commit
 * fails, all fail. Never throws: every request gets its answer, and only after the commit.
 */
export async function commitGroup(
  conn: GroupConn,
  requests: readonly WriteRequest[],
  busyMillis = BUSY_MILLIS,
): Promise<CommittedGroup> {
  conn.emitted = false;
  try {
    await whileBusy(() => conn.run("BEGIN IMMEDIATE"), busyMillis);
    const begun = performance.now();
    const answers: WriteAnswer[] = [];
    for (const request of requests) answers.push(await runOne(conn, request));
    const from = performance.now();
    await whileBusy(() => conn.run("COMMIT"), busyMillis);
    return {
      answers,
      workMillis: from - begun,
      commitMillis: performance.now() - from,
      emitted: conn.emitted,
    };
  } catch (error) {
    const failure = sent(error);
    rollback(conn);
    return {
      answers: requests.map(({ id }) => ({ id, error: failure })),
      workMillis: 0,
      commitMillis: 0,
      emitted: false,
    };
  }
}

function rollback(conn: GroupConn): void {
  try {
    if (conn.inTransaction) conn.run("ROLLBACK");
  } catch {
    // SQLite rolled back itself, or the next BEGIN reports the error.
  }
}

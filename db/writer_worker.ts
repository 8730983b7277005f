/**
 * The writer's thread. A commit takes milliseconds and the wait for another process's lock up to seconds; here
 * neither stops the event loop that serves clients.
 */
import type { ConnSettings } from "./conn_settings.ts";
import { whileBusy } from "./engines/busy.ts";
import { commitGroup } from "./engines/group_commit.ts";
import { closeWriter, openWriter } from "./engines/open_file.ts";
import type { EmbeddedConn } from "./engines/embedded.ts";
import { toGlanceError } from "./engines/engine_error.ts";
import type { FromWriter, ToWriter, WriteRequest } from "./engines/messages.ts";

/** As many as one transaction takes: more would let the first wait too long for its answer. */
const MAX_GROUP = 256;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ToWriter>) => void;
  postMessage(message: FromWriter): void;
};
const waiting: WriteRequest[] = [];
let conn: EmbeddedConn | undefined;
let running = false;
let closing = false;

async function open(path: string, settings: ConnSettings): Promise<void> {
  try {
    conn = await openWriter(path, settings);
    // Held until the event loop has tried whether this lock keeps its own connection out.
    await whileBusy(() => conn!.run("BEGIN IMMEDIATE"));
    scope.postMessage({ kind: "opened" });
  } catch (error) {
    const { code, message } = toGlanceError(error);
    scope.postMessage({ kind: "failed", error: { code, message } });
  }
}

async function drain(): Promise<void> {
  if (running || !conn) return;
  running = true;
  while (waiting.length > 0) {
    const group = await commitGroup(conn, waiting.splice(0, MAX_GROUP));
    scope.postMessage({ kind: "answers", ...group });
  }
  running = false;
  if (!closing) return;
  closeWriter(conn);
  conn = undefined;
  scope.postMessage({ kind: "closed" });
}

scope.onmessage = ({ data }) => {
  if (data.kind === "open") {
    open(data.path, data.settings);
    return;
  }
  if (data.kind === "serve") conn?.run("ROLLBACK");
  else if (data.kind === "write") waiting.push(...data.requests);
  else closing = true;
  drain();
};

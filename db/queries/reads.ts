import { toGlanceError } from "../engines/engine_error.ts";
import type { Conn } from "../conn.ts";
import type { DatabaseReads } from "../database.ts";
import { readDeletions } from "./deletions_read.ts";
import { listImages } from "./images_list.ts";
import { readImage } from "./images_read.ts";
import { readDelayedLocations } from "./locations_read.ts";
import { readMembers } from "./members_read.ts";
import { metadefReads } from "./metadef_verbs.ts";
import { readOldestEvent } from "./outbox_read.ts";
import { readTaskLeases } from "./task_leases_read.ts";
import { readStranded, readStrandedTasks } from "./stranded.ts";
import { listTasks } from "./tasks_list.ts";
import { readImageTasks, readTask } from "./tasks_read.ts";
import { readUploads } from "./uploads_read.ts";
import { readImageTotals, readUsage, readUsed } from "./usage_read.ts";

/** The reads on a connection; whatever the engine throws comes out as one of the closed list of errors. */
export function readsOn(conn: Conn): DatabaseReads {
  const on = <I, O>(read: (conn: Conn, input: I) => Promise<O>) => async (input: I): Promise<O> => {
    try {
      return await read(conn, input);
    } catch (error) {
      throw toGlanceError(error);
    }
  };
  return {
    image: on(readImage),
    images: on(listImages),
    delayedLocations: on(readDelayedLocations),
    members: on(readMembers),
    used: on(readUsed),
    usage: on(readUsage),
    imageTotals: on((conn: Conn, _: void) => readImageTotals(conn)),
    task: on(readTask),
    imageTasks: on(readImageTasks),
    tasks: on(listTasks),
    taskLeases: on(readTaskLeases),
    ...metadefReads(on),
    strandedImages: on(readStranded),
    strandedTasks: on(readStrandedTasks),
    deletions: on((conn: Conn, _: void) => readDeletions(conn)),
    uploads: on((conn: Conn, _: void) => readUploads(conn)),
    oldestEvent: on((conn: Conn, _: void) => readOldestEvent(conn)),
    ping: on(async (conn: Conn, _: void): Promise<void> => {
      await conn.one("SELECT 1 AS alive");
    }),
  };
}

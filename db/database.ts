/**
 * The database as the domain sees it: reads and writes by table, each write one transaction. `Database.read` and
 * `Database.write` have their types from `READS` and `WRITES`; a query of one of `db/tables` that is named here can be
 * called, and needs no other line. `db/open.ts` makes a database.
 */
import type { Conn, WriteConn } from "./conn.ts";
import { toGlanceError } from "./engines/engine_error.ts";
import {
  beginCopyDeletion,
  beginDeletion,
  cancelDeletion,
  readDeletions,
  takeDeletion,
} from "./tables/deletions.ts";
import { ping, probe } from "./tables/health.ts";
import { listImages } from "./tables/image_list.ts";
import { readImage } from "./tables/image_row.ts";
import { changeImage, createImage, deleteImage, transitionImage } from "./tables/images.ts";
import { renewLeases } from "./tables/leases.ts";
import { dropLocation, readDelayedLocations, setLocationMetadata } from "./tables/locations.ts";
import { addMember, readMembers, removeMember, setMemberStatus } from "./tables/members.ts";
import { loadNamespace, unloadMetadefs } from "./tables/metadef_load.ts";
import {
  changeNamespace,
  createNamespace,
  listNamespaces,
  readDefinitions,
  readNamespace,
  removeNamespace,
} from "./tables/metadef_namespaces.ts";
import {
  addParts,
  changePart,
  clearParts,
  listTags,
  readContents,
  readParts,
  removePart,
} from "./tables/metadef_parts.ts";
import { addAssociation, readResourceTypes, removeAssociation } from "./tables/metadef_resource_types.ts";
import { readPart } from "./tables/metadef_rows.ts";
import {
  dropEvents,
  dropOldEvents,
  readOldestEvent,
  recordEvents,
  releaseEvents,
  takeEvents,
} from "./tables/outbox.ts";
import { readStranded, readStrandedTasks, takeStranded } from "./tables/stranded.ts";
import { addTag, removeTag } from "./tables/tags.ts";
import { endTask, preemptTask, readTaskLeases, startTask, takeTask } from "./tables/task_leases.ts";
import { changeTask, createTask, listTasks, readImageTasks, readTask, sweepTasks } from "./tables/tasks.ts";
import { cancelUpload, readUploads, takeUpload } from "./tables/uploads.ts";
import { readImageTotals, readUsage, readUsed } from "./tables/usage.ts";

/** Each may run beside others, and sees what was committed before it. */
const READS = {
  images: { show: readImage, list: listImages },
  locations: { delayed: readDelayedLocations },
  members: { list: readMembers },
  usage: { one: readUsed, all: readUsage, totals: readImageTotals },
  uploads: { list: readUploads },
  deletions: { list: readDeletions },
  stranded: { images: readStranded, tasks: readStrandedTasks },
  tasks: { show: readTask, list: listTasks, ofImage: readImageTasks, leases: readTaskLeases },
  outbox: { oldest: readOldestEvent },
  metadefs: {
    namespace: readNamespace,
    namespaces: listNamespaces,
    contents: readContents,
    parts: readParts,
    part: readPart,
    tags: listTags,
    resourceTypes: readResourceTypes,
    definitions: readDefinitions,
  },
  health: { ping },
};

/** Each runs inside one transaction (a savepoint of one), awaits only its connection, and takes plain data. */
const WRITES = {
  images: { create: createImage, change: changeImage, transition: transitionImage, delete: deleteImage },
  locations: { drop: dropLocation, setMetadata: setLocationMetadata },
  members: { add: addMember, setStatus: setMemberStatus, remove: removeMember },
  tags: { add: addTag, remove: removeTag },
  uploads: { take: takeUpload, cancel: cancelUpload },
  deletions: {
    begin: beginDeletion,
    beginCopies: beginCopyDeletion,
    take: takeDeletion,
    cancel: cancelDeletion,
  },
  leases: { renew: renewLeases },
  stranded: { take: takeStranded },
  tasks: {
    create: createTask,
    change: changeTask,
    start: startTask,
    take: takeTask,
    end: endTask,
    preempt: preemptTask,
    sweep: sweepTasks,
  },
  outbox: {
    record: recordEvents,
    take: takeEvents,
    drop: dropEvents,
    release: releaseEvents,
    dropOld: dropOldEvents,
  },
  metadefs: {
    createNamespace,
    changeNamespace,
    removeNamespace,
    addParts,
    changePart,
    removePart,
    clearParts,
    addAssociation,
    removeAssociation,
    load: loadNamespace,
    unload: unloadMetadefs,
  },
  health: { probe },
};

/** A query without its connection, which the database gives. */
type Bound<Query> = Query extends (conn: never, ...input: infer Input) => infer Result
  ? (...input: Input) => Result
  : never;

type DatabaseReads = {
  [Table in keyof typeof READS]: {
    [Verb in keyof (typeof READS)[Table]]: Bound<(typeof READS)[Table][Verb]>;
  };
};

type DatabaseWrites = {
  [Table in keyof typeof WRITES]: {
    [Verb in keyof (typeof WRITES)[Table]]: Bound<(typeof WRITES)[Table][Verb]>;
  };
};

export interface Database {
  read: DatabaseReads;
  write: DatabaseWrites;
  /** Calls `listener` after each commit of this process that recorded events; null: no longer. */
  onEvents(listener: (() => void) | null): void;
  /** The same for work that no client waits for: while the database is away it waits longer. Absent: as this one. */
  patient?: Pick<Database, "read" | "write">;
  /** Waits for the writes that were accepted, then closes everything. */
  close(): Promise<void>;
}

/** A write by its table and verb, such as `tasks.end`: its name in messages. */
export type WriteName = {
  [Table in keyof DatabaseWrites]: `${Table}.${keyof DatabaseWrites[Table] & string}`;
}[keyof DatabaseWrites];

/** Hands a write to where it runs. */
export type Send = (name: WriteName, input: unknown) => Promise<unknown>;

/** `never`: of queries with any input. */
type Query<On> = (conn: On, input: never) => Promise<unknown>;
type Queries<On> = Record<string, Record<string, Query<On>>>;
type Call = (input: unknown) => Promise<unknown>;

/** As many functions as there are queries, each as `bind` makes it. */
function bindAll<On>(queries: Queries<On>, bind: (query: Query<On>, name: string) => Call): object {
  return Object.fromEntries(
    Object.entries(queries).map(([table, verbs]) => {
      const calls = Object.entries(verbs).map(([verb, query]) => [verb, bind(query, `${table}.${verb}`)]);
      return [table, Object.fromEntries(calls)];
    }),
  );
}

/** The reads on a connection; whatever the engine throws comes out as one of the closed list of errors. */
export function readsOn(conn: Conn): DatabaseReads {
  return bindAll<Conn>(READS, (query) => async (input) => {
    try {
      return await query(conn, input as never);
    } catch (error) {
      throw toGlanceError(error);
    }
  }) as DatabaseReads;
}

/** `Database.write`, whose every function hands its name and input to `send`. */
export function writesBy(send: Send): DatabaseWrites {
  return bindAll<WriteConn>(WRITES, (_, name) => (input) => send(name as WriteName, input)) as DatabaseWrites;
}

/** Runs one write on the connection of a transaction. */
export async function perform(
  conn: WriteConn,
  { name, input }: { name: WriteName; input: unknown },
): Promise<unknown> {
  const [table, verb] = name.split(".") as [string, string];
  const queries: Queries<WriteConn> = WRITES;
  // Definitions change seldom, and in many rows: one after the other is simple and fast enough.
  if (table === "metadefs") await conn.guard?.(table);
  return await queries[table]![verb]!(conn, input as never);
}

/** A new database for one test. */
import type { Database } from "../../db/database.ts";
import { openDatabase } from "../../db/open.ts";
import type { ImageListQuery, ImageRecord, NewImage, Viewer } from "../../db/records.ts";
import { newDatabase, type TestDatabase } from "./test_database.ts";

export const WRITER_URL = new URL("../../db/writer_worker.ts", import.meta.url);
export const ADMIN: Viewer = { isAdmin: true, projectId: "admin" };

/** A viewer that is not an administrator. */
export function project(projectId: string | null): Viewer {
  return { isAdmin: false, projectId };
}

/** Runs `action` on a new database, and removes it afterwards. */
export async function withDatabase(
  action: (db: Database, database: TestDatabase) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "oneglance-db-" });
  try {
    await using database = await newDatabase(directory);
    const { connection } = database;
    const db = await openDatabase({ connection, writerUrl: WRITER_URL, sync: "auto" });
    try {
      await action(db, database);
    } finally {
      await db.close();
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A new image with only an id; `more` overrides fields. */
export function newImage(more: Partial<NewImage> = {}): NewImage {
  return { id: crypto.randomUUID(), properties: {}, tags: [], ...more };
}

/** Creates an image, without a limit on their number. Errors: conflict. */
export async function makeImage(db: Database, image: NewImage): Promise<ImageRecord> {
  const made = await db.write.images.create({ ...image, limit: null });
  if (made.outcome !== "done") throw new Error("an image without a limit was over it");
  return made.image;
}

/** The default list of `viewer`; `more` overrides fields. */
export function listQuery(viewer: Viewer, more: Partial<ImageListQuery> = {}): ImageListQuery {
  return {
    viewer,
    memberStatus: "accepted",
    osHidden: false,
    conditions: [],
    sort: [{ key: "created_at", dir: "desc" }, { key: "id", dir: "desc" }],
    limit: 25,
    ...more,
  };
}

/** Returns the images of all pages of a list. */
export async function everyPage(db: Database, query: ImageListQuery): Promise<ImageRecord[]> {
  const all: ImageRecord[] = [];
  for (let marker = query.marker;;) {
    const page = await db.read.images.list({ ...query, marker });
    all.push(...page);
    if (page.length < query.limit) return all;
    marker = page.at(-1)!.id;
  }
}

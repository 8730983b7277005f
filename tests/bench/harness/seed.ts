import type { NewImage } from "../../../db/records.ts";
import { openDatabase } from "../../../db/open.ts";
import { type Bench, BenchTrouble } from "./measure.ts";
import { MIB } from "./sizes.ts";
import { WORKERS } from "../../../workers.ts";
import { newDatabase } from "../../support/test_database.ts";
import { makeImage } from "../../support/temp_database.ts";

/** How many images of a seeded database are rare: tag `rare`, property `build=rare`. The same in each size. */
export const RARE = 40;

const BATCH = 2000;

function seedImage(index: number, count: number): NewImage {
  const rare = index % (count / RARE) === 0;
  return {
    id: crypto.randomUUID(),
    // One width, so that a page has as many bytes in each size.
    name: `seed-${String(index).padStart(7, "0")}`,
    status: "active",
    visibility: index % 4 === 0 ? "private" : "public",
    owner: `project-${index % 10}`,
    size: (index % 1000 + 1) * MIB,
    disk_format: index % 2 === 0 ? "raw" : "qcow2",
    container_format: "bare",
    min_disk: 0,
    min_ram: 0,
    protected: false,
    os_hidden: false,
    tags: rare ? ["a", "rare"] : ["a", "base"],
    properties: { os_distro: index % 2 === 0 ? "debian" : "ubuntu", build: rare ? "rare" : "base" },
  };
}

export interface SeededDatabase extends AsyncDisposable {
  /** Of `[database]`. */
  connection: string;
  /** Of the images, the last of a list first. */
  ids: string[];
}

/**
 * Makes a database with `count` images on the server of the bench, or as a file in `dir`; removes it at the end.
 * `first`: is called with the connection while there are no tables.
 */
export async function seededDatabase(
  bench: Bench,
  dir: string,
  count: number,
  first?: (connection: string) => Promise<void>,
): Promise<SeededDatabase> {
  bench.say(`filling a database with ${count.toLocaleString("en-GB")} images …`);
  await Deno.mkdir(dir, { recursive: true });
  const database = await newDatabase(dir, { empty: true, server: bench.server });
  try {
    const { connection } = database;
    await first?.(connection);
    await seedImages(connection, count);
    // Not as they were made: on MariaDB those of one second have no other order than that of their ids.
    const ids = (await database.rows("SELECT id FROM images ORDER BY created_at, id")).map(({ id }) =>
      String(id)
    );
    return { connection, ids, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

async function seedImages(connection: string, count: number): Promise<void> {
  if (count % RARE !== 0) throw new BenchTrouble(`${count} images cannot hold ${RARE} rare ones evenly`);
  const database = await openDatabase({
    connection,
    writerUrl: WORKERS.dbWriter,
    sync: "auto",
  });
  try {
    for (let from = 0; from < count; from += BATCH) {
      const images = Array.from(
        { length: Math.min(BATCH, count - from) },
        (_, i) => seedImage(from + i, count),
      );
      // All that wait are one group commit.
      await Promise.all(images.map((image) => makeImage(database, image)));
    }
  } finally {
    await database.close();
  }
}

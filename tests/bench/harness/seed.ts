import type { NewImage } from "../../../db/records.ts";
import { openDatabase } from "../../../db/open.ts";
import { databasePath } from "./server.ts";
import { BenchTrouble } from "./measure.ts";
import { MIB } from "./sizes.ts";
import { WORKERS } from "../../../workers.ts";
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

/** Fills the database of a server in `dir`, which must not run yet, with `count` images; gives their ids, oldest first. */
export async function seedImages(dir: string, count: number): Promise<string[]> {
  if (count % RARE !== 0) throw new BenchTrouble(`${count} images cannot hold ${RARE} rare ones evenly`);
  await Deno.mkdir(dir, { recursive: true });
  const database = await openDatabase({
    connection: `sqlite:///${databasePath(dir)}`,
    writerUrl: WORKERS.dbWriter,
    sync: "auto",
  });
  try {
    const ids: string[] = [];
    for (let from = 0; from < count; from += BATCH) {
      const images = Array.from(
        { length: Math.min(BATCH, count - from) },
        (_, i) => seedImage(from + i, count),
      );
      // All that wait are one group commit.
      await Promise.all(images.map((image) => makeImage(database, image)));
      ids.push(...images.map((image) => image.id));
    }
    return ids;
  } finally {
    await database.close();
  }
}

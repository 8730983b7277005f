/**
 * `deno run -A tests/bench/list_scale.ts [IMAGES]`: compares a list of 25 among 1,000 images with one among 200,000 (or
 * IMAGES). Prints both medians in milliseconds, and their ratio.
 */
import { EmbeddedConn } from "../../db/engines/embedded.ts";
import { inTransaction, migrateFile, openReader, prepareFile } from "../../db/engines/open_file.ts";
import { formatTimestamp } from "../../db/clock.ts";
import type { ImageListQuery } from "../../db/records.ts";
import { listImages } from "../../db/tables/image_list.ts";
import { ADMIN, listQuery, project } from "../support/temp_database.ts";

const VISIBILITIES = ["public", "private", "shared", "community", "private"];
const START = Date.UTC(2024, 0, 1) * 1000;

/** Creates `count` images: projects p0 to p999 in turn, every fifth public; "few" and "rare" are on 20 images in all. */
async function fill(conn: EmbeddedConn, count: number): Promise<void> {
  const image = `INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, disk_format,
    container_format, owner, min_disk, min_ram, protected, visibility, os_hidden) VALUES
    (?, ?, ?, ?, ?, ?, 0, ?, 'bare', ?, 0, 0, 0, ?, 0)`;
  const property = `INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
    VALUES (?, ?, ?, ?, ?, 0)`;
  const tag =
    "INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) VALUES (?, ?, ?, ?, 0)";
  const member =
    `INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted)
    VALUES (?, ?, 0, 'accepted', ?, ?, 0)`;
  for (let i = 0; i < count; i++) {
    const id = idOf(i);
    const time = formatTimestamp(START + i * 1_000_000);
    const few = i % (count / 20) === 0;
    const visibility = few ? "public" : VISIBILITIES[i % 5]!;
    const format = i % 3 === 0 ? "raw" : "qcow2";
    const status = few ? "queued" : "active";
    conn.run(image, [
      id,
      few ? "few" : `image-${i}`,
      i % 7 * 1000,
      status,
      time,
      time,
      format,
      `p${i % 997}`,
      visibility,
    ]);
    conn.run(property, [id, "os_distro", i % 2 === 0 ? "debian" : "fedora", time, time]);
    if (few) conn.run(property, [id, "rare", "yes", time, time]);
    conn.run(tag, [id, few ? "rare" : "common", time, time]);
    if (few && i > 0) conn.run(member, [id, "p1", time, time]);
  }
  await Promise.resolve();
}

function idOf(i: number): string {
  return `00000000-0000-4000-8000-${((i * 2654435761) % 4294967296).toString(16).padStart(12, "0")}`;
}

function queries(count: number): Record<string, ImageListQuery> {
  const user = project("p1");
  const far = { marker: idOf(Math.floor(count / 20) * 10 - 4) };
  const by = (key: "name" | "size" | "status" | "updated_at", dir: "asc" | "desc" = "asc") => ({
    sort: [{ key, dir }, { key: "created_at" as const, dir }, { key: "id" as const, dir }],
  });
  const property = (name: string, value: string) => ({
    conditions: [{ kind: "property" as const, name, value }],
  });
  const column = (name: "name" | "status" | "disk_format" | "owner", value: string) => ({
    conditions: [{ kind: "in" as const, column: name, values: [value] }],
  });
  return {
    "admin": listQuery(ADMIN),
    "admin, far marker": listQuery(ADMIN, far),
    "user": listQuery(user),
    "user, far marker": listQuery(user, far),
    "user, private": listQuery(user, { visibility: "private" }),
    "user, shared": listQuery(user, { visibility: "shared" }),
    "user, community": listQuery(user, { visibility: "community" }),
    "user, by name": listQuery(user, by("name")),
    "user, by name, far marker": listQuery(user, { ...by("name"), ...far }),
    "admin, by size, far marker": listQuery(ADMIN, { ...by("size", "desc"), ...far }),
    "admin, by updated_at": listQuery(ADMIN, by("updated_at", "desc")),
    "user, name": listQuery(user, column("name", "few")),
    "user, status=queued": listQuery(user, column("status", "queued")),
    "user, status=active": listQuery(user, column("status", "active")),
    "admin, disk_format=raw, far marker": listQuery(ADMIN, { ...column("disk_format", "raw"), ...far }),
    "admin, owner": listQuery(ADMIN, column("owner", "p5")),
    "user, frequent property": listQuery(user, property("os_distro", "debian")),
    "user, frequent property, far marker": listQuery(user, { ...property("os_distro", "debian"), ...far }),
    "user, rare property": listQuery(user, property("rare", "yes")),
    "user, rare tag": listQuery(user, { conditions: [{ kind: "tag", value: "rare" }] }),
    "user, frequent tag": listQuery(user, { conditions: [{ kind: "tag", value: "common" }] }),
    "user, no match": listQuery(user, property("os_distro", "none")),
  };
}

async function medians(count: number): Promise<Record<string, [rows: number, millis: number]>> {
  const directory = await Deno.makeTempDir();
  try {
    const path = prepareFile(`${directory}/g.sqlite`, { create: true, force: false });
    await migrateFile(path);
    await inTransaction(path, (conn) => fill(conn, count));
    const reader = await openReader(path);
    const result: Record<string, [number, number]> = {};
    for (const [name, query] of Object.entries(queries(count))) {
      const times: number[] = [];
      let rows = 0;
      for (let i = 0; i < 60; i++) {
        const start = performance.now();
        rows = (await listImages(reader, query)).length;
        times.push(performance.now() - start);
      }
      result[name] = [rows, times.sort((a, b) => a - b)[30]!];
    }
    reader.close();
    return result;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const many = Number(Deno.args[0] ?? 200_000);
const small = await medians(1000);
const large = await medians(many);
console.log(`p50 in ms of a list of 25: 1,000 images, ${many.toLocaleString("en")} images, ratio (rows)`);
for (const [name, [rows, millis]] of Object.entries(large)) {
  const [rowsBefore, before] = small[name]!;
  const numbers = [before.toFixed(2), millis.toFixed(2), (millis / before).toFixed(2)];
  console.log(
    `${name.padEnd(38)} ${numbers.map((text) => text.padStart(8)).join("")}   (${rowsBefore}, ${rows})`,
  );
}

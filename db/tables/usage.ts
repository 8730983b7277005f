/** What a project uses, for quotas (docs/reference/data-model.md §2.4). */
import type { Conn } from "../conn.ts";
import type { ImageTotals, UsageRecord } from "../records.ts";
import { IMAGE_PROPERTY } from "../../src/util/names.ts";

// An ownerless image counts for the caller without a project. The two forms keep the index on owner in use.
function owned(owner: string | null): [where: string, params: string[]] {
  return owner === null ? ["i.owner IS NULL", []] : ["i.owner = ?", [owner]];
}

const COUNTED = "+i.deleted = 0 AND +i.status NOT IN ('killed', 'deleted', 'pending_delete')";
const STORED =
  `i.size * (SELECT count(*) FROM image_locations l WHERE l.image_id = i.id AND l.status <> 'deleted')`;
// Few images are: listing them once costs less than looking at each image's properties.
const COPYING = `i.id IN (SELECT p.image_id FROM image_properties p
  WHERE p.name = '${IMAGE_PROPERTY.importing}' AND p.value > '' AND p.deleted = 0)`;

/** What each counted image adds. */
const USES: Record<keyof UsageRecord, string> = {
  image_size_total: `CASE WHEN i.size > 0 THEN ${STORED} ELSE 0 END`,
  image_stage_total:
    `CASE WHEN i.status IN ('uploading', 'importing') OR ${COPYING} THEN coalesce(i.size, 0) ELSE 0 END`,
  image_count_total: "1",
  image_count_uploading:
    `CASE WHEN i.status IN ('saving', 'uploading', 'importing') OR ${COPYING} THEN 1 ELSE 0 END`,
};

export interface Used {
  resource: keyof UsageRecord;
  owner: string | null;
  exceptImage?: string;
}

/** One of the numbers, of the owner's images other than `exceptImage`. Sizes in bytes. */
export async function readUsed(
  conn: Conn,
  { resource, owner, exceptImage = "" }: Used,
): Promise<number> {
  const [where, params] = owned(owner);
  const row = await conn.one(
    `SELECT coalesce(sum(${USES[resource]}), 0) AS used FROM images i
     WHERE ${where} AND ${COUNTED} AND +i.id <> ?`,
    [...params, exceptImage],
  );
  return Number(row?.used ?? 0);
}

/** The four numbers that unified limits know. Sizes in bytes. */
export async function readUsage(conn: Conn, { owner }: { owner: string | null }): Promise<UsageRecord> {
  const [where, params] = owned(owner);
  const resources = Object.keys(USES) as (keyof UsageRecord)[];
  const row = await conn.one(
    `SELECT ${resources.map((name) => `coalesce(sum(${USES[name]}), 0) AS ${name}`).join(", ")}
     FROM images i WHERE ${where} AND ${COUNTED}`,
    params,
  );
  return Object.fromEntries(
    resources.map((name) => [name, Number(row?.[name] ?? 0)]),
  ) as Record<keyof UsageRecord, number>;
}

/** All images of all owners: their number, and the bytes of all their copies. */
export async function readImageTotals(conn: Conn): Promise<ImageTotals> {
  const row = await conn.one(
    `SELECT count(*) AS count, coalesce(sum(${USES.image_size_total}), 0) AS bytes FROM images i WHERE ${COUNTED}`,
  );
  return { count: Number(row?.count ?? 0), bytes: Number(row?.bytes ?? 0) };
}

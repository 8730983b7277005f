/** An image with all that hangs on it, as one row: the select list, and the row read back. */
import { IMAGE_COLUMNS } from "../columns.ts";
import type { Row } from "../conn.ts";
import type { ImageRecord, LocationRecord } from "../records.ts";

/** The columns of the image called `alias`. */
export function imageColumns(alias: string): string {
  return IMAGE_COLUMNS.map((name) => `${alias}.${name}`).join(", ");
}

// `+deleted` keeps the index on deleted, which holds almost every row, out of the choice.
/** Properties, tags and locations of the image called `alias`, each as one JSON text in stored order. */
export function imageChildren(alias: string): string {
  return `(SELECT json_group_array(json_array(c.name, c.value) ORDER BY c.id) FROM image_properties c
      WHERE c.image_id = ${alias}.id AND +c.deleted = 0) AS properties_json,
    (SELECT json_group_array(c.value ORDER BY c.id) FROM image_tags c
      WHERE c.image_id = ${alias}.id AND +c.deleted = 0) AS tags_json,
    (SELECT json_group_array(json_array(c.id, c.value, c.meta_data) ORDER BY c.id) FROM image_locations c
      WHERE c.image_id = ${alias}.id AND +c.deleted = 0 AND c.status = 'active') AS locations_json`;
}

function parse<T>(json: Row[string] | undefined): T[] {
  return json === "[]" ? [] : JSON.parse(String(json));
}

/** The metadata of a location; an unreadable or missing one counts as empty. */
export function parseMetadata(text: string | null): Record<string, unknown> {
  if (text === null || text === "{}") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}

function locationOf([id, url, metadata]: [number, string, string | null]): LocationRecord {
  return { id, url, metadata: parseMetadata(metadata), status: "active" };
}

/** The record of a row with the columns above. Of tags that an old database holds twice, the first counts. */
export function imageOf(row: Row): ImageRecord {
  const tags = parse<string>(row.tags_json);
  return {
    id: row.id,
    name: row.name,
    size: row.size,
    virtual_size: row.virtual_size,
    status: row.status,
    visibility: row.visibility,
    disk_format: row.disk_format,
    container_format: row.container_format,
    checksum: row.checksum,
    os_hash_algo: row.os_hash_algo,
    os_hash_value: row.os_hash_value,
    owner: row.owner,
    min_disk: row.min_disk,
    min_ram: row.min_ram,
    protected: row.protected === 1,
    os_hidden: row.os_hidden === 1,
    created_at: row.created_at,
    updated_at: row.updated_at ?? row.created_at,
    deleted_at: row.deleted_at,
    deleted: row.deleted === 1,
    properties: Object.fromEntries(parse<[string, string | null]>(row.properties_json)),
    tags: tags.length > 1 ? [...new Set(tags)] : tags,
    locations: parse<[number, string, string | null]>(row.locations_json).map(locationOf),
  } as ImageRecord;
}

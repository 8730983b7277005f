/** An image with all that hangs on it, as one row: the select list, and the row read back. */
import { IMAGE_COLUMNS } from "../columns.ts";
import type { Conn, Row } from "../conn.ts";
import type { ImageRecord, LocationRecord } from "../records.ts";

/** The columns of the image called `alias`. */
export function imageColumns(alias: string): string {
  return IMAGE_COLUMNS.map((name) => `${alias}.${name}`).join(", ");
}

// `+deleted` keeps the index on deleted, which holds almost every row, out of the choice. The order stands in an inner
// query, where it comes from the index; ORDER BY inside the aggregate would sort, at twice the cost of the whole image.
function ordered(aggregate: string, columns: string, table: string, alias: string, more = ""): string {
  return `(SELECT ${aggregate} FROM (SELECT ${columns} FROM ${table} c
      WHERE c.image_id = ${alias}.id AND +c.deleted = 0${more} ORDER BY c.id))`;
}

/** Properties, tags and locations of the image called `alias`, each as JSON in stored order. */
function imageChildren(alias: string): string {
  const active = " AND c.status = 'active'";
  return [
    ordered("json_group_array(json_array(name, value))", "c.name, c.value", "image_properties", alias),
    ordered("json_group_array(value)", "c.value", "image_tags", alias),
    ordered(
      "json_group_array(json_array(id, value, meta_data))",
      "c.id, c.value, c.meta_data",
      "image_locations",
      alias,
      active,
    ),
  ].join(", ");
}

/** The image called `alias` as one JSON text: a row of one column crosses into the program at a third of the cost. */
export function imageJson(alias: string): string {
  return `json_array(${imageColumns(alias)}, ${imageChildren(alias)}) AS image`;
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

type Children = [[string, string | null][], string[], [number, string, string | null][]];

/** The record of a row with `imageJson`. Of tags that an old database holds twice, the first counts. */
export function imageOf(conn: Conn, { image }: Row): ImageRecord {
  const values = JSON.parse(String(image)) as unknown[];
  const columns = Object.fromEntries(IMAGE_COLUMNS.map((name, index) => [name, values[index]]));
  const [properties, tags, locations] = values.slice(IMAGE_COLUMNS.length) as Children;
  return {
    ...columns,
    protected: columns.protected === 1,
    os_hidden: columns.os_hidden === 1,
    deleted: columns.deleted === 1,
    updated_at: columns.updated_at ?? columns.created_at,
    properties: Object.fromEntries(properties),
    tags: tags.length > 1 ? [...new Set(tags)] : tags,
    locations: locations.map(([id, stored, metadata]): LocationRecord => ({
      id,
      url: conn.unseal(stored),
      metadata: parseMetadata(metadata),
      status: "active",
    })),
  } as ImageRecord;
}

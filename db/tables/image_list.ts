/**
 * One page of images (docs/reference/images-api.md §4), without counting and without passing over more rows than it
 * needs. This file decides which rows a page reads, and through which index (docs/adr/0002-database-access.md).
 */
import type { Conn, Value } from "../conn.ts";
import { type Dialect, perDialect, PRIMARY } from "../dialects/dialect.ts";
import type { ImageListQuery, ImageRecord, ListCondition, SortKey } from "../records.ts";
import { and, join, type Sql, sql } from "../sql.ts";
import { isSmallScope, narrowest } from "./image_list_narrow.ts";
import { type ScopePart, scopeParts, scopePredicate } from "./image_list_scope.ts";
import {
  type After,
  afterMarker,
  afterMarkerApart,
  conditionSql,
  decisiveOrder,
  isNever,
  keysOf,
  markerValues,
  type Order,
  orderBy,
  orderColumns,
} from "./image_list_terms.ts";
import { imageColumns, imageJson, imageOf } from "./image_row.ts";

/** The index that gives images in the order of a key. */
const WALKS: Record<SortKey, string> = {
  name: "oneglance_images_name",
  status: "oneglance_images_status",
  container_format: "oneglance_images_container_format",
  disk_format: "oneglance_images_disk_format",
  size: "oneglance_images_size",
  id: PRIMARY,
  created_at: "oneglance_images_created",
  updated_at: "oneglance_images_updated",
};

/** For a filter on one value of these columns, an index gives the images in order of creation. */
const oneValueKeys = perDialect((dialect): Partial<Record<string, string>> => {
  const { name, status, disk_format, container_format } = keysOf(dialect);
  return { name, status, owner: "i.owner", disk_format, container_format };
});

/** A part of a page: the rows that one index gives, from the marker on. */
type PagePart = ScopePart & Pick<After, "same">;

/** Returns the parts of a page, which share no row; none when the caller can see no image. */
async function planPage(
  conn: Conn,
  query: ImageListQuery,
  order: readonly Order[],
): Promise<PagePart[]> {
  const { dialect } = conn;
  const parts = await choose(conn, query, order[0]?.key ?? "created_at");
  if (query.marker === undefined) return parts.map((part) => ({ ...part, same: 0 }));
  const values = await markerValues(conn, order, query.marker);
  return parts.flatMap(({ index, where }) => {
    const apart = order[0]?.key !== "created_at" && index === WALKS[order[0]!.key];
    const afters: After[] = apart
      ? afterMarkerApart(dialect, order, values)
      : [{ where: afterMarker(dialect, order, values), same: 0 }];
    return afters.map((after) => ({ index, where: and(where, after.where), same: after.same }));
  });
}

/** Few rows are read and sorted; of many, an index in the order of the list is walked. */
async function choose(conn: Conn, query: ImageListQuery, first: SortKey): Promise<ScopePart[]> {
  const { dialect } = conn;
  const parts = scopeParts(dialect, query);
  if (parts.length === 0) return [];
  const narrow = await narrowest(conn, query);
  if (narrow) return [{ index: narrow.index, where: and(narrow.where, scopePredicate(dialect, query)) }];
  if (first === "created_at") {
    const one = query.viewer.isAdmin ? oneValue(dialect, query) : null;
    return one ? [one] : parts;
  }
  if (!query.viewer.isAdmin && await isSmallScope(conn, parts, query.osHidden)) return parts;
  return [{ index: WALKS[first], where: scopePredicate(dialect, query) }];
}

/** Returns, for a caller that sees almost all images, the index of a filter on one value that many images have. */
function oneValue(dialect: Dialect, query: ImageListQuery): ScopePart | null {
  for (const condition of query.conditions) {
    if (condition.kind !== "in") continue;
    const expression = oneValueKeys(dialect)[condition.column];
    const [value, ...others] = condition.values;
    if (expression === undefined || value === undefined || others.length > 0) continue;
    const where = and(sql(`${expression} = ?`, value), scopePredicate(dialect, query));
    return { index: `oneglance_images_${condition.column}`, where };
  }
  return null;
}

/** The condition that a row belongs to a part and to the list. */
function rowsSql(dialect: Dialect, { where }: PagePart, query: ImageListQuery): Sql {
  return and(
    where,
    sql(`i.deleted = 0 AND i.os_hidden = ${query.osHidden ? 1 : 0}`),
    sql("+i.status NOT IN ('killed', 'deleted', 'pending_delete')"),
    ...query.conditions.map((condition) => conditionSql(dialect, condition)),
  );
}

/** Selects the first rows of a part; the page has no more of it. */
function partSql(dialect: Dialect, part: PagePart, order: readonly Order[], query: ImageListQuery): Sql {
  const { index, same } = part;
  const rows = rowsSql(dialect, part, query);
  return {
    text: dialect.limited(`SELECT ${imageColumns("i")}, ${orderColumns(dialect, order)}
      FROM ${dialect.through("images i", index)}
      WHERE ${rows.text} ORDER BY ${orderBy(order, same)} LIMIT ?`),
    params: [...rows.params, query.limit],
  };
}

/** Whether an index has exactly these keys, so that its rows need no sort. */
function isOrderOfIndex(order: readonly Order[]): boolean {
  const keys = order.map(({ key }) => key);
  const tail = keys[0] === "created_at" || keys[0] === "id" ? keys : keys.slice(1);
  return (keys[0] === "id" || tail.join() === "created_at,id") &&
    new Set(order.map(({ dir }) => dir)).size === 1;
}

/**
 * Ends each part that an index gives in the order of the first key with the group of the last row of the page, for
 * databases that would otherwise sort the whole part by the keys that follow.
 */
async function endParts(
  conn: Conn,
  parts: readonly PagePart[],
  order: readonly Order[],
  query: ImageListQuery,
): Promise<PagePart[]> {
  const { dialect } = conn;
  const [first] = order;
  if (!first || dialect.sortsWithinGroups || isOrderOfIndex(order)) return [...parts];
  const key = keysOf(dialect)[first.key];
  const ended: PagePart[] = [];
  for (const part of parts) {
    const rows = rowsSql(dialect, part, query);
    const last = part.index === PRIMARY || part.same === 1 ? undefined : await conn.one(
      `SELECT ${key} AS last FROM ${dialect.through("images i", part.index)}
       WHERE ${rows.text} ORDER BY ${key} ${first.dir} LIMIT 1 OFFSET ?`,
      [...rows.params, query.limit - 1],
    );
    const end = last && sql(`${key} ${first.dir === "asc" ? "<=" : ">="} ?`, last.last ?? null);
    ended.push(end ? { ...part, where: and(part.where, end) } : part);
  }
  return ended;
}

/** The filter without values that no column of the database can hold, and that no image has. */
function heldCondition(dialect: Dialect, condition: ListCondition): ListCondition {
  const isHeld = (value: Value) => typeof value !== "string" || dialect.heldText(value) === value;
  switch (condition.kind) {
    case "in":
      return { ...condition, values: condition.values.filter(isHeld) };
    case "tag":
      return isHeld(condition.value) ? condition : { kind: "none" };
    case "property":
      return isHeld(condition.name) && isHeld(condition.value) ? condition : { kind: "none" };
    default:
      return condition;
  }
}

/** Reads one page by one query, after those that plan it. Errors: bad_request. */
export async function listImages(conn: Conn, asked: ImageListQuery): Promise<ImageRecord[]> {
  const { dialect } = conn;
  const query = { ...asked, conditions: asked.conditions.map((each) => heldCondition(dialect, each)) };
  if (query.limit <= 0 || query.conditions.some(isNever)) return [];
  const order = decisiveOrder(query.sort);
  const parts = await endParts(conn, await planPage(conn, query, order), order, query);
  if (parts.length === 0) return [];
  const rows = join(parts.map((part) => partSql(dialect, part, order, query)), " UNION ALL ");
  // Children only of the rows of the page: further inside, they would be read for every row that is sorted.
  const text = `SELECT ${imageJson(dialect, "page")}
    FROM (${rows.text} ORDER BY ${orderBy(order)} LIMIT ?) AS page ORDER BY ${orderBy(order)}`;
  return (await conn.all(text, [...rows.params, query.limit])).map((row) => imageOf(conn, row));
}

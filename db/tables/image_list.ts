/**
 * One page of images (docs/reference/images-api.md §4): never a count, and never a walk over more rows than it takes. Which rows
 * it reads, and through which index, is decided here (docs/adr/0002-database-access.md).
 */
import type { Conn } from "../conn.ts";
import { type Dialect, perDialect, PRIMARY } from "../dialects/dialect.ts";
import type { ImageListQuery, ImageRecord, SortKey } from "../records.ts";
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

/** For a filter on one value of these, its index gives the images in order of creation. */
const oneValueOf = perDialect((dialect): Partial<Record<string, string>> => {
  const { name, status, disk_format, container_format } = keysOf(dialect);
  return { name, status, owner: "i.owner", disk_format, container_format };
});

/** A part of a page: what an index gives, from the marker on. */
type PagePart = ScopePart & Pick<After, "same">;

/** The parts of a page, none of which has a row of another; none at all when nothing can be seen. */
async function planPage(
  conn: Conn,
  query: ImageListQuery,
  order: readonly Order[],
): Promise<PagePart[]> {
  const parts = await choose(conn, query, order[0]?.key ?? "created_at");
  if (query.marker === undefined) return parts.map((part) => ({ ...part, same: 0 }));
  const values = await markerValues(conn, order, query.marker);
  return parts.flatMap(({ index, where }) => {
    const apart = order[0]?.key !== "created_at" && index === WALKS[order[0]!.key];
    const afters: After[] = apart
      ? afterMarkerApart(conn.dialect, order, values)
      : [{ where: afterMarker(conn.dialect, order, values), same: 0 }];
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

/** For callers that see almost everything: the index of a filter on one value, which many images have. */
function oneValue(dialect: Dialect, query: ImageListQuery): ScopePart | null {
  for (const condition of query.conditions) {
    if (condition.kind !== "in") continue;
    const expression = oneValueOf(dialect)[condition.column];
    const [value, ...others] = condition.values;
    if (expression === undefined || value === undefined || others.length > 0) continue;
    const where = and(sql(`${expression} = ?`, value), scopePredicate(dialect, query));
    return { index: `oneglance_images_${condition.column}`, where };
  }
  return null;
}

/** The first rows of a part; no more of it can be on the page. */
function partSql(
  dialect: Dialect,
  { index, where, same }: PagePart,
  order: readonly Order[],
  query: ImageListQuery,
): Sql {
  const rows = and(
    where,
    sql(`i.deleted = 0 AND i.os_hidden = ${query.osHidden ? 1 : 0}`),
    sql("+i.status NOT IN ('killed', 'deleted', 'pending_delete')"),
    ...query.conditions.map((condition) => conditionSql(dialect, condition)),
  );
  return {
    text: dialect.limited(
      `SELECT ${imageColumns("i")}, ${orderColumns(dialect, order)} FROM ${dialect.through("images i", index)}
      WHERE ${rows.text} ORDER BY ${orderBy(order, same)} LIMIT ?`,
    ),
    params: [...rows.params, query.limit],
  };
}

/** One page: one query, after the look-ups of the marker and of what filters leave. Errors: bad_request. */
export async function listImages(conn: Conn, query: ImageListQuery): Promise<ImageRecord[]> {
  if (query.limit <= 0 || query.conditions.some(isNever)) return [];
  const order = decisiveOrder(query.sort);
  const parts = await planPage(conn, query, order);
  if (parts.length === 0) return [];
  const rows = join(parts.map((part) => partSql(conn.dialect, part, order, query)), " UNION ALL ");
  // Children only of the rows of the page: further inside, they would be read for every row that is sorted.
  const text = `SELECT ${imageJson(conn.dialect, "page")}
    FROM (${rows.text} ORDER BY ${orderBy(order)} LIMIT ?) AS page ORDER BY ${orderBy(order)}`;
  return (await conn.all(text, [...rows.params, query.limit])).map((row) => imageOf(conn, row));
}

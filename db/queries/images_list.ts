/** One page of images (spec/images-api.md §4): never a count, and never a walk over more rows than it takes. */
import { IMAGE_COLUMNS } from "../columns.ts";
import type { Conn } from "../conn.ts";
import type { ImageListQuery, ImageRecord, SortKey } from "../records.ts";
import { and, join, type Sql, sql } from "../sql.ts";
import { imageChildren, imageColumns, imageOf } from "./image_row.ts";
import { conditionSql } from "./list_conditions.ts";
import { isSmallScope, narrowest } from "./list_narrow.ts";
import { decisiveOrder, markerSql, type Order, orderBy, orderColumns } from "./list_order.ts";
import { type ScopePart, scopeParts, scopePredicate } from "./list_scope.ts";

/** Gives images in the order of that key. */
const WALKS: Record<SortKey, string> = {
  name: "oneglance_images_name",
  status: "oneglance_images_status",
  container_format: "oneglance_images_container_format",
  disk_format: "oneglance_images_disk_format",
  size: "oneglance_images_size",
  id: "sqlite_autoindex_images_1",
  created_at: "oneglance_images_created",
  updated_at: "oneglance_images_updated",
};

/** A filter on one value of these is an index in order of creation by itself. */
const ONE_VALUE: Partial<Record<string, string>> = {
  name: "coalesce(i.name, '')",
  status: "i.status",
  owner: "i.owner",
  disk_format: "coalesce(i.disk_format, '')",
  container_format: "coalesce(i.container_format, '')",
};

/** Which rows are read, through which index: the union of the parts. */
async function choosePlan(conn: Conn, query: ImageListQuery, order: readonly Order[]): Promise<ScopePart[]> {
  const narrow = await narrowest(conn, query);
  if (narrow) return [{ index: narrow.index, where: and(narrow.where, scopePredicate(query)) }];
  const parts = scopeParts(query);
  const first = order[0]?.key ?? "created_at";
  if (first === "created_at") return query.viewer.isAdmin ? [oneValue(query) ?? parts[0]!] : parts;
  if (parts.length > 0 && !query.viewer.isAdmin && await isSmallScope(conn, parts, query.osHidden)) {
    return parts;
  }
  return [{ index: WALKS[first], where: scopePredicate(query) }];
}

/** For who sees almost everything: the index of a filter on one value, which many images have. */
function oneValue(query: ImageListQuery): ScopePart | null {
  for (const condition of query.conditions) {
    if (condition.kind !== "in" || condition.values.length !== 1) continue;
    const expression = ONE_VALUE[condition.column];
    if (!expression) continue;
    const where = and(sql(`${expression} = ?`, condition.values[0]!), scopePredicate(query));
    return { index: `oneglance_images_${condition.column}`, where };
  }
  return null;
}

function partSql(part: ScopePart, order: readonly Order[], conditions: Sql): Sql {
  const where = and(part.where, conditions);
  return {
    text: `SELECT ${imageColumns("i")}, ${orderColumns(order)} FROM images i INDEXED BY ${part.index}
      WHERE ${where.text}`,
    params: where.params,
  };
}

/** The page as one query. Errors: bad_request for a marker that never was. */
export async function listImages(conn: Conn, query: ImageListQuery): Promise<ImageRecord[]> {
  if (query.limit <= 0) return [];
  const order = decisiveOrder(query.sort);
  const plan = await choosePlan(conn, query, order);
  if (plan.length === 0) return [];
  const conditions = and(
    sql(`i.deleted = 0 AND i.os_hidden = ${query.osHidden ? 1 : 0}`),
    sql("+i.status NOT IN ('killed', 'deleted', 'pending_delete')"),
    ...query.conditions.map(conditionSql),
    ...(query.marker === undefined ? [] : [await markerSql(conn, order, query.marker)]),
  );
  const page = join(plan.map((part) => partSql(part, order, conditions)), " UNION ALL ");
  // Children only of the rows of the page: inside, they would be read for every row that is sorted.
  const text = `SELECT ${IMAGE_COLUMNS.join(", ")}, ${imageChildren("page")}
    FROM (${page.text} ORDER BY ${orderBy(order)} LIMIT ?) AS page ORDER BY ${orderBy(order, "page.")}`;
  return (await conn.all(text, [...page.params, query.limit])).map(imageOf);
}

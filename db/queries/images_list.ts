/** One page of images (spec/images-api.md §4): never a count, and never a walk over more rows than it takes. */
import type { Conn } from "../conn.ts";
import type { ImageListQuery, ImageRecord } from "../records.ts";
import { and, join, type Sql, sql } from "../sql.ts";
import { imageColumns, imageJson, imageOf } from "./image_row.ts";
import { conditionSql, isNever } from "./list_conditions.ts";
import { decisiveOrder, type Order, orderBy, orderColumns } from "./list_order.ts";
import { type PagePart, planPage } from "./list_plan.ts";

/** The first rows of a part; no more of it can be on the page. */
function partSql({ index, where, same }: PagePart, order: readonly Order[], query: ImageListQuery): Sql {
  const rows = and(
    where,
    sql(`i.deleted = 0 AND i.os_hidden = ${query.osHidden ? 1 : 0}`),
    sql("+i.status NOT IN ('killed', 'deleted', 'pending_delete')"),
    ...query.conditions.map(conditionSql),
  );
  return {
    text: `SELECT * FROM (SELECT ${imageColumns("i")}, ${
      orderColumns(order)
    } FROM images i INDEXED BY ${index}
      WHERE ${rows.text} ORDER BY ${orderBy(order, same)} LIMIT ?)`,
    params: [...rows.params, query.limit],
  };
}

/** One page: one query, after the look-ups of the marker and of what filters leave. Errors: bad_request. */
export async function listImages(conn: Conn, query: ImageListQuery): Promise<ImageRecord[]> {
  if (query.limit <= 0 || query.conditions.some(isNever)) return [];
  const order = decisiveOrder(query.sort);
  const parts = await planPage(conn, query, order);
  if (parts.length === 0) return [];
  const rows = join(parts.map((part) => partSql(part, order, query)), " UNION ALL ");
  // Children only of the rows of the page: further inside, they would be read for every row that is sorted.
  const text = `SELECT ${imageJson("page")}
    FROM (${rows.text} ORDER BY ${orderBy(order)} LIMIT ?) AS page ORDER BY ${orderBy(order)}`;
  return (await conn.all(text, [...rows.params, query.limit])).map((row) => imageOf(conn, row));
}

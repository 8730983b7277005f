/**
 * Where the SQL of the databases differs (docs/adr/0012-dialects.md). A query file is written once, with these pieces
 * in the places that differ. Each piece is a text that depends on its arguments alone, so that a statement made of
 * them is made once: see `perDialect`.
 */
import type { Value, WriteConn } from "../conn.ts";
import type { Sql } from "../sql.ts";

/** The index of a table's primary key, as `Dialect.through` takes it. */
export const PRIMARY = "PRIMARY";

/** Columns of `images` of which lists need a value in place of null, by which an index of ours is ordered. */
export type ComputedColumn = "name" | "disk_format" | "container_format" | "size" | "updated_at";

/** What is collected from the rows of a table. */
export interface Collected {
  /** The columns, each with its alias, such as `c.name`. One gives an array of values, several an array of arrays. */
  columns: readonly string[];
  /** The tables, with their joins. */
  from: string;
  where: string;
  /** What the rows are ordered by. */
  order: string;
}

/** Inserts one row; returns false, and changes nothing, when a row has its key already. */
type InsertNew = (conn: WriteConn, params: readonly Value[]) => Promise<boolean>;

/** A row that is inserted, or overwritten when a condition holds for the row that is there. */
interface ConditionalRow {
  table: string;
  /** The columns of a unique key. */
  key: readonly string[];
  /** The columns that are set in either case. */
  overwritten: readonly string[];
  /** The columns that only a new row gets. */
  inserted: readonly string[];
  /** Columns that are set to 0 in either case. */
  zero: readonly string[];
  /** A column that must be 1 in the row that is there. */
  when: string;
}

/** The values of a `ConditionalRow`, in the order of its columns. */
interface ConditionalValues {
  key: readonly Value[];
  overwritten: readonly Value[];
  inserted: readonly Value[];
}

/** A direction of `ORDER BY`. */
export type Direction = "asc" | "desc";

export interface Dialect {
  readonly name: "sqlite" | "mariadb";

  /**
   * Whether rows that an index gives in the order of its first key are sorted group by group when the later keys are
   * others than those of the index. Where they are not, ORDER BY reads every row before the first one is returned.
   */
  readonly sortsWithinGroups: boolean;

  /**
   * Whether texts that differ, in case or in trailing blanks, can be the same to the database: to `=`, and to a unique
   * key. Which ones are, the database alone knows.
   */
  readonly foldsText: boolean;

  /** The time in UTC as an SQL expression, in the form of `Timestamp`. */
  readonly utcNow: string;

  /** The time in so many seconds (a value, also with a fraction, negative for the past), in the form of `utcNow`. */
  readonly fromNow: string;

  /**
   * The text as a TEXT column of upstream's can hold it: without the characters and the end that it cannot. For what
   * the service says; what a client writes is refused instead.
   */
  heldText(text: string): string;

  /** At the end of a SELECT inside a write: other writers of the same rows wait for the end of this one. */
  readonly forUpdate: string;

  /** A table (with its alias, such as `images i`) that is read through this index and no other. */
  through(table: string, index: string): string;

  /** The value of a column of the image called `alias`, never null, as the index on it has it. */
  computed(alias: string, column: ComputedColumn): string;

  /**
   * A subquery that gives the rows as one JSON array in their order. Use it only inside `json_array(…)`: the result
   * may be null when there is no row, and must not be taken for that when the database could not hold it.
   */
  collect(rows: Collected): string;

  /**
   * The same for rows with a unique number in the column `id`, in its order; faster. `inOrder` reads the result.
   */
  collectById(rows: Omit<Collected, "order"> & { id: string }): string;

  /** A SELECT with its own ORDER BY and LIMIT as a part of a UNION ALL. */
  limited(select: string): string;

  /** The rows that come after one whose `keys` have these values, all in one direction. */
  after(keys: readonly string[], direction: Direction, values: readonly Value[]): Sql;

  /** An INSERT (up to and with its VALUES) of a row that may be there; `key`: the columns of the unique key. */
  insertNew(insert: string, key: string): InsertNew;

  /**
   * What follows an INSERT, so that a row that is there gets the new values of `columns` instead. `also`:
   * assignments that hold in that case alone. `key`: the columns of the only unique key that can collide.
   */
  orUpdate(key: string, columns: readonly string[], also?: readonly string[]): string;

  /** For `also` of `orUpdate`: a deleted row that comes back gets `column` as it is written now. */
  renamed(column: string): readonly string[];

  /** Inserts a row, or overwrites the one that is there when its condition holds; returns whether either happened. */
  insertOrTake(row: ConditionalRow): (conn: WriteConn, values: ConditionalValues) => Promise<boolean>;
}

/** Returns what `Dialect.collectById` collected, once it is parsed: an array, an object by id, or null for no rows. */
export function inOrder<T>(collected: readonly T[] | Readonly<Record<string, T>> | null): readonly T[] {
  if (collected === null) return [];
  // The keys are whole numbers, which an object lists in ascending order.
  return Array.isArray(collected) ? collected : Object.values(collected);
}

/** `make` for a dialect, called once for each: a statement keeps its text, by which engines know it again. */
export function perDialect<T>(make: (dialect: Dialect) => T): (dialect: Dialect) => T {
  const made = new Map<Dialect, T>();
  return (dialect) => {
    let found = made.get(dialect);
    if (found === undefined) made.set(dialect, found = make(dialect));
    return found;
  };
}

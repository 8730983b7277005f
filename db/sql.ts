import type { Value } from "./conn.ts";

/** A piece of SQL with the values of its placeholders, in order. */
export interface Sql {
  text: string;
  params: readonly Value[];
}

/** A piece of SQL. */
export function sql(text: string, ...params: Value[]): Sql {
  return { text, params };
}

/** Pieces joined by `separator`; `empty` when there are none. */
export function join(parts: readonly Sql[], separator: string, empty = "1"): Sql {
  if (parts.length === 0) return sql(empty);
  return {
    text: parts.map(({ text }) => text).join(separator),
    params: parts.flatMap(({ params }) => params),
  };
}

/** All of them; true when there are none. */
export function and(...parts: Sql[]): Sql {
  return join(parts, " AND ");
}

/** Any of them, in brackets; false when there are none. */
export function or(...parts: Sql[]): Sql {
  const { text, params } = join(parts, " OR ", "0");
  return { text: `(${text})`, params };
}

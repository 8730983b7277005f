/** Sort keys and directions of a list (docs/reference/images-api.md §4.5). */
import type { z } from "@hono/zod-openapi";
import type { ImageListQuery, SortKey } from "../../db/records.ts";
import { SortDirection, SortKey as SortKeyField } from "../../openapi/images.ts";
import { fail } from "../errors.ts";
import type { ImageListParams } from "./list_query.ts";

type Sort = ImageListQuery["sort"];
type Given = Pick<ImageListParams, "sort" | "sort_key" | "sort_dir">;

/** Parses both syntaxes and adds the tie-breakers. Errors: bad_request. */
export function parseSort({ sort, sort_key, sort_dir }: Given): Sort {
  if (sort !== undefined && (sort_key || sort_dir)) {
    fail("bad_request", "Old and new sorting syntax cannot be combined");
  }
  if (sort === undefined) return oldSyntax(sort_key ?? ["created_at"], sort_dir ?? []);
  const pairs = newSyntax(sort);
  return withTieBreakers(pairs, pairs.length);
}

function newSyntax(sort: string): Sort {
  return sort.split(",").map((item) => {
    const [key, dir = "desc"] = item.split(":").map((part) => part.trim());
    return { key: one(SortKeyField, key), dir: one(SortDirection, dir) };
  });
}

/** Checks a value against the contract, whose message becomes the error's text. */
function one<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  return result.success ? result.data : fail("bad_request", result.error.issues[0]!.message);
}

function oldSyntax(keys: SortKey[], dirs: ("asc" | "desc")[]): Sort {
  if (dirs.length > 1 && dirs.length !== keys.length) {
    fail("bad_request", "Number of sort dirs does not match the number of sort keys");
  }
  const pairs = keys.map((key, index) => ({ key, dir: (dirs.length > 1 ? dirs[index] : dirs[0]) ?? "desc" }));
  return withTieBreakers(pairs, dirs.length);
}

/** Tie-breakers take the single direction, or desc if several were given. */
function withTieBreakers(pairs: Sort, given: number): Sort {
  const dir = given > 1 ? "desc" : pairs[0]!.dir;
  const missing = (["created_at", "id"] as SortKey[]).filter((key) =>
    !pairs.some((pair) => pair.key === key)
  );
  return [...pairs, ...missing.map((key) => ({ key, dir }))];
}

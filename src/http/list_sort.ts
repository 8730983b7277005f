/** Sort keys and directions of a list (spec/images-api.md §4.5). */
import type { ImageListQuery, SortKey } from "../../db/records.ts";
import { fail } from "../errors.ts";

type Sort = ImageListQuery["sort"];

const KEYS = ["name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"];

/** Both syntaxes, with the tie-breakers. Errors: bad_request. */
export function parseSort(query: URLSearchParams): Sort {
  const sort = query.getAll("sort").at(-1);
  const keys = query.getAll("sort_key");
  const dirs = query.getAll("sort_dir");
  if (sort !== undefined && (keys.length > 0 || dirs.length > 0)) {
    fail("bad_request", "Old and new sorting syntax cannot be combined");
  }
  const pairs = sort === undefined ? oldSyntax(keys, dirs) : newSyntax(sort);
  for (const { key, dir } of pairs) {
    if (!KEYS.includes(key)) {
      fail("bad_request", `Invalid sort key: ${key}. It must be one of the following: ${KEYS.join(", ")}.`);
    }
    if (dir !== "asc" && dir !== "desc") fail("bad_request", `Invalid sort direction: ${dir}`);
  }
  return withTieBreakers(pairs as Sort, sort === undefined ? dirs.length : pairs.length);
}

function newSyntax(sort: string): { key: string; dir: string }[] {
  return sort.split(",").map((item) => {
    const [key = "", dir = "desc"] = item.split(":").map((part) => part.trim());
    return { key, dir };
  });
}

function oldSyntax(keys: string[], dirs: string[]): { key: string; dir: string }[] {
  const wanted = keys.length > 0 ? keys : ["created_at"];
  if (dirs.length > 1 && dirs.length !== wanted.length) {
    fail("bad_request", "Number of sort dirs does not match the number of sort keys");
  }
  return wanted.map((key, index) => ({ key, dir: (dirs.length > 1 ? dirs[index] : dirs[0]) ?? "desc" }));
}

/** The single direction in use, or desc when several were given. */
function withTieBreakers(pairs: Sort, given: number): Sort {
  const dir = given > 1 ? "desc" : pairs[0]!.dir;
  const missing = (["created_at", "id"] as SortKey[]).filter((key) =>
    !pairs.some((pair) => pair.key === key)
  );
  return [...pairs, ...missing.map((key) => ({ key, dir }))];
}

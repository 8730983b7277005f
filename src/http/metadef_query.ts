/** The queries of lists of metadata definitions (spec/metadefs-api.md §4.3, §5, §7). */
import type { NamespaceSortKey, TagListQuery, TagSortKey } from "../../db/metadef_records.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import type { NamespaceList } from "../metadefs/list_namespaces.ts";

const NAMESPACE_KEYS: readonly NamespaceSortKey[] = [
  "namespace",
  "display_name",
  "description",
  "visibility",
  "protected",
  "owner",
  "created_at",
  "updated_at",
];
const TAG_KEYS: readonly TagSortKey[] = ["name", "created_at", "updated_at", "id"];

/** Errors: bad_request. */
export function parseNamespaceList(query: URLSearchParams, config: Config): NamespaceList {
  const last = new Map(query);
  const most = config.get("DEFAULT.api_limit_max");
  const limit = integerOf(last.get("limit")) ?? config.get("DEFAULT.limit_param_default");
  if (limit < 0) fail("bad_request", "limit param must be positive");
  const visibility = visibilityOf(last.get("visibility"), ["public", "private", ""]);
  const types = last.get("resource_types");
  const marker = last.get("marker");
  // `id` is taken, and means the default.
  const key = last.get("sort_key") === "id" ? "created_at" : keyOf(last.get("sort_key"), NAMESPACE_KEYS);
  return {
    ...(visibility === undefined ? {} : { visibility }),
    ...(types === undefined ? {} : { resourceTypes: types.split(",") }),
    ...(marker === undefined ? {} : { marker }),
    sort: { key, dir: dirOf(last.get("sort_dir")) },
    limit: Math.min(limit, most),
  };
}

/** Refuses what the list of objects refuses, although it uses none of it. Errors: bad_request. */
export function checkObjectList(query: URLSearchParams): void {
  const last = new Map(query);
  const limit = integerOf(last.get("limit"));
  if (limit !== undefined && limit < 1) fail("bad_request", "limit param must be positive");
  dirOf(last.get("sort_dir"));
  visibilityOf(last.get("visibility"), ["public", "private", "shared"]);
}

/** Errors: bad_request. */
export function parseTagList(query: URLSearchParams): Omit<TagListQuery, "namespaceId"> {
  const last = new Map(query);
  const limit = last.get("limit") === "" ? undefined : integerOf(last.get("limit"));
  if (limit !== undefined && limit < 0) fail("bad_request", "limit param must be positive");
  visibilityOf(last.get("visibility"), ["public", "private", "shared"]);
  const marker = last.get("marker");
  return {
    sort: { key: keyOf(last.get("sort_key"), TAG_KEYS), dir: dirOf(last.get("sort_dir")) },
    limit: limit ?? null,
    ...(marker ? { marker } : {}),
  };
}

/** `resource_type` of a namespace's show; `visibility` is checked and means nothing. Errors: bad_request. */
export function parseNamespaceShow(query: URLSearchParams): string | null {
  const last = new Map(query);
  visibilityOf(last.get("visibility"), ["public", "private"]);
  return last.get("resource_type") ?? null;
}

function integerOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (!/^[+-]?\d+$/.test(text)) fail("bad_request", "limit param must be an integer");
  return Number(text);
}

function dirOf(value = "desc"): "asc" | "desc" {
  if (value !== "asc" && value !== "desc") fail("bad_request", `Invalid sort direction: ${value}`);
  return value;
}

function keyOf<K extends string>(value: string | undefined, keys: readonly K[]): K {
  const key = value ?? "created_at";
  if (!(keys as readonly string[]).includes(key)) {
    fail("bad_request", `Invalid sort key: ${key}. It must be one of the following: ${keys.join(", ")}.`);
  }
  return key as K;
}

function visibilityOf(value: string | undefined, allowed: readonly string[]): string | undefined {
  if (value !== undefined && !allowed.includes(value)) {
    fail("bad_request", `Invalid visibility value: ${value}`);
  }
  return value;
}

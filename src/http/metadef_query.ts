/** The queries of lists of metadata definitions (docs/reference/metadefs-api.md §4.3, §7). */
import type { z } from "@hono/zod-openapi";
import type { TagListQuery } from "../../db/metadef_records.ts";
import type { listNamespaces } from "../../openapi/metadefs_namespaces.ts";
import type { listTags } from "../../openapi/metadefs_tags.ts";
import type { Config } from "../config/config.ts";
import type { NamespaceList } from "../metadefs/namespaces.ts";

/** The query for a page of namespaces. */
export function namespacePage(
  query: z.output<typeof listNamespaces.request.query>,
  config: Pick<Config, "get">,
): NamespaceList {
  const { limit, marker, resource_types, sort_dir, sort_key, visibility } = query;
  const most = config.get("DEFAULT.api_limit_max");
  return {
    ...(visibility === undefined ? {} : { visibility }),
    ...(resource_types === undefined ? {} : { resourceTypes: resource_types.split(",") }),
    ...(marker === undefined ? {} : { marker }),
    // `id` is accepted and means the default.
    sort: {
      key: sort_key === undefined || sort_key === "id" ? "created_at" : sort_key,
      dir: sort_dir ?? "desc",
    },
    limit: Math.min(limit ?? config.get("DEFAULT.limit_param_default"), most),
  };
}

/** The query for a page of a namespace's tags. */
export function tagPage(
  { limit, marker, sort_dir, sort_key }: z.output<typeof listTags.request.query>,
): Omit<TagListQuery, "namespaceId"> {
  return {
    sort: { key: sort_key ?? "created_at", dir: sort_dir ?? "desc" },
    limit: limit ?? null,
    ...(marker ? { marker } : {}),
  };
}

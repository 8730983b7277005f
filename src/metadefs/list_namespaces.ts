/** GET /v2/metadefs/namespaces (spec/metadefs-api.md §4.3). */
import type { NamespaceListQuery, NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { authorizeMetadef } from "../policy/authorize.ts";
import { listTarget } from "../policy/targets.ts";
import { findNamespace, passes } from "./find.ts";

/** What a client asks for; `marker` is the name of the last namespace it has. */
export type NamespaceList = Omit<NamespaceListQuery, "viewer" | "after"> & { marker?: string };

/** One page; namespaces that `get_metadef_namespace` denies vanish from it. Errors: not_found, forbidden. */
export async function listNamespaces(
  ctx: Ctx,
  { marker, ...query }: NamespaceList,
): Promise<NamespaceRecord[]> {
  const { deps, caller } = ctx;
  for (const rule of ["get_metadef_namespaces", "list_metadef_resource_types"]) {
    await authorizeMetadef(deps.policy, rule, caller, listTarget(caller));
  }
  const after = marker === undefined ? undefined : (await findNamespace(ctx, marker)).id;
  if (query.limit === 0) return [];
  const rows = await deps.db.read.metadefs.namespaces({
    ...query,
    viewer: { isAdmin: caller.isAdmin, projectId: caller.projectId },
    ...(after === undefined ? {} : { after }),
  });
  const allowed = await Promise.all(rows.map((row) => passes(ctx, row, "get_metadef_namespace")));
  return rows.filter((_, index) => allowed[index]);
}

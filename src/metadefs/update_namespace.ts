/** PUT /v2/metadefs/namespaces/{namespace} (spec/metadefs-api.md §4.5). */
import type { NamespaceRecord } from "../../db/metadef_records.ts";
import type { Ctx } from "../deps.ts";
import { requireWriter } from "../policy/read_only.ts";
import { type NamespaceBody, namespaceColumns } from "./bodies.ts";
import { authorizeOn, findNamespace, namespaceGone } from "./find.ts";

/**
 * Replaces what a client may say of a namespace; its contents stay. The answer still has the old `updated_at`.
 * Errors: not_found, forbidden, conflict.
 */
export async function updateNamespace(ctx: Ctx, name: string, body: NamespaceBody): Promise<NamespaceRecord> {
  requireWriter(ctx.caller);
  const namespace = await findNamespace(ctx, name);
  await authorizeOn(ctx, namespace, "modify_metadef_namespace");
  const columns = namespaceColumns(body, body.owner || (ctx.caller.projectId ?? ""));
  return await ctx.deps.db.write.metadefs.changeNamespace({ id: namespace.id, columns }) ??
    namespaceGone(name);
}

/** PATCH /v2/images/{id} (docs/reference/images-api.md §5). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";
import { checkPropertyQuota, checkTagQuota } from "../quota/quota.ts";
import { isWritable, type WritableAttribute } from "./attributes.ts";
import { Draft } from "./draft.ts";
import { findImage, readable } from "./find.ts";
import type { Operation } from "./operations.ts";
import { patchLocations } from "./patch_locations.ts";
import { removeCopies } from "./delete.ts";

/**
 * Applies the operations in order to a draft and saves once what they touched.
 * Errors: not_found, forbidden, conflict, too_large, bad_request; nothing is changed then.
 */
export async function updateImage(ctx: Ctx, id: string, operations: Operation[]): Promise<ImageRecord> {
  requireWriter(ctx.caller);
  const image = await findImage(ctx, id);
  if (operations.length === 0) {
    await authorizeImage(ctx.deps.policy, "get_image", ctx.caller, image);
    return await readable(ctx, image);
  }
  const draft = new Draft(image);
  for (const operation of operations) await apply(ctx, draft, operation);
  if (draft.addsProperties) checkPropertyQuota(ctx.deps.config, draft.properties);
  requireOwner(ctx.caller, image);
  const save = async (to: "deleted" | "pending_delete") =>
    await ctx.deps.db.write.images.change(draft.change(to)) ??
      fail("not_found", `No image found with ID ${id}`);
  const { removed: locations, added } = draft.locations;
  const saved = locations.length === 0
    ? await save("deleted")
    : await removeCopies(ctx, image, { locations, added }, save);
  return await readable(ctx, { ...saved, locations: draft.locations.arrange(saved.locations) });
}

async function apply(ctx: Ctx, draft: Draft, operation: Operation): Promise<void> {
  const name = operation.path[0]!;
  if (name === "locations") return await patchLocations(ctx, draft, operation);
  if (name === "owner" && !ctx.caller.isAdmin) {
    fail("forbidden", "Owner can't be updated by non admin.", { form: "detail" });
  }
  if (name === "visibility" && operation.op !== "remove") {
    await authorizeVisibility(ctx, draft, operation.value);
  }
  await authorizeImage(ctx.deps.policy, "modify_image", ctx.caller, draft.image);
  if (isWritable(name)) applyToAttribute(ctx, draft, name, operation);
  else await applyToProperty(ctx, draft, name, operation);
}

async function authorizeVisibility(ctx: Ctx, draft: Draft, value: unknown): Promise<void> {
  const { policy } = ctx.deps;
  if (value === "public") await authorizeImage(policy, "publicize_image", ctx.caller, draft.image);
  if (value === "community") await authorizeImage(policy, "communitize_image", ctx.caller, draft.image);
}

function applyToAttribute(ctx: Ctx, draft: Draft, name: WritableAttribute, operation: Operation): void {
  if (operation.op === "remove") {
    fail("forbidden", `Property ${name} may not be removed.`, { form: "detail" });
  }
  if (operation.op === "add" && operation.old) {
    fail("conflict", `Property ${name} already present.`, { form: "detail" });
  }
  if (name === "disk_format" || name === "container_format") {
    if (draft.locations.status !== "queued" && draft.locations.status !== "importing") {
      fail("forbidden", `Attribute ${name} can be only replaced for a queued image.`);
    }
  }
  if (name === "tags") {
    const tags = operation.value as string[];
    // Some clients send them with every change.
    if (draft.hasTags(tags)) return;
    checkTagQuota(ctx.deps.config, tags.length);
    draft.setTags([...new Set(tags)]);
  } else draft.setColumn(name, operation.value);
}

async function applyToProperty(ctx: Ctx, draft: Draft, name: string, operation: Operation): Promise<void> {
  const { protections } = ctx.deps;
  const may = async (action: "create" | "read" | "update" | "delete") =>
    await protections.allows(action, name, ctx.caller);
  const there = draft.has(name) && await may("read");
  if (operation.op === "remove") {
    if (!there) fail("conflict", `Property ${name} does not exist.`, { form: "detail" });
    if (!await may("delete")) refuse(name);
    draft.removeProperty(name);
    return;
  }
  if (operation.op === "replace" && !there) {
    fail("conflict", `Property ${name} does not exist.`, { form: "detail" });
  }
  if (operation.op === "add" && operation.old && there) {
    fail("conflict", `Property ${name} already present.`, { form: "detail" });
  }
  if (!await may(there ? "update" : "create")) refuse(name);
  draft.setProperty(name, operation.value as string | null);
}

function refuse(name: string): never {
  fail("forbidden", `Property '${name}' is protected`, { form: "detail" });
}

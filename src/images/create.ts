/** POST /v2/images (docs/reference/images-api.md §2.1). */
import type { ImageRecord, NewImage, Visibility } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeCreate } from "../policy/authorize.ts";
import { checkPropertyQuota, checkTagQuota, imageCountQuota } from "../quota/quota.ts";
import { requireWriter } from "../policy/owner.ts";
import { isReadOnlyOnCreate } from "./attributes.ts";
import { readable } from "./find.ts";

/** Attributes as the contract let them through: base attributes by type, everything else an additional property. */
export interface CreateInput {
  id?: string;
  columns: Omit<Partial<NewImage>, "id" | "properties" | "tags">;
  tags: string[];
  properties: Record<string, string | null>;
  /** Names of read-only attributes that the body tried to set. */
  readOnly: string[];
}

/** Makes a queued image without data. Errors: forbidden, conflict, too_large. */
export async function createImage(ctx: Ctx, input: CreateInput): Promise<ImageRecord> {
  requireWriter(ctx.caller);
  const attributes = await admitImage(ctx, input);
  const id = input.id ?? crypto.randomUUID();
  const image = await insertImage(ctx, { ...attributes, id, status: "queued" });
  return await readable(ctx, input.columns.owner === "" ? { ...image, owner: "" } : image);
}

/** A new image as it is kept, when the caller may make it. Errors: forbidden, too_large. */
export async function admitImage(ctx: Ctx, input: CreateInput): Promise<Omit<NewImage, "id" | "status">> {
  const { deps, caller } = ctx;
  const owner = input.columns.owner === undefined ? caller.projectId : input.columns.owner;
  const visibility: Visibility = input.columns.visibility ?? "shared";
  await authorizeCreate(deps.policy, caller, { owner, visibility: input.columns.visibility });
  for (const name of Object.keys(input.properties)) {
    if (!await deps.protections.allows("create", name, caller)) {
      fail("forbidden", `Attribute '${name}' is reserved.`, { form: "detail" });
    }
  }
  checkTagQuota(deps.config, input.tags.length);
  checkPropertyQuota(deps.config, input.properties);
  const refused = input.readOnly.find(isReadOnlyOnCreate);
  if (refused !== undefined) fail("forbidden", `Attribute '${refused}' is read-only.`);
  return {
    ...input.columns,
    visibility,
    owner: owner === "" ? null : owner,
    tags: [...new Set(input.tags)],
    properties: input.properties,
  };
}

/** Writes the record within the limit on images. Errors: conflict, too_large. */
export async function insertImage(ctx: Ctx, image: NewImage): Promise<ImageRecord> {
  const quota = await imageCountQuota(ctx);
  const result = await ctx.deps.db.write.images.create({ ...image, limit: quota?.limit ?? null });
  return result.outcome === "done" ? result.image : quota!.refuse(result.used);
}

/** POST /v2/images (docs/reference/images-api.md §2.1). */
import type { ImageRecord, NewImage, Visibility } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeCreate } from "../policy/authorize.ts";
import { requireWriter } from "../policy/owner.ts";
import { checkPropertyQuota, checkTagQuota, imageCountQuota } from "../quota/quota.ts";
import {
  checkPropertyName,
  isReadOnlyOnCreate,
  isReserved,
  isWritable,
  refuseBeyondBmp,
} from "./attributes.ts";
import { readable } from "./find.ts";
import type { ImageSchema } from "./image_schema.ts";

/** Attributes as the contract let them through: base attributes by type, everything else an additional property. */
interface CreateInput {
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

/**
 * Sorts the members of `body`, whose base attributes are of the right types; everything else is checked here.
 * Errors: bad_request, forbidden.
 */
export function createInput(body: Record<string, unknown>, schema: ImageSchema): CreateInput {
  const columns: Record<string, unknown> = {};
  const properties: [string, string | null][] = [];
  const readOnly: string[] = [];
  const names = Object.keys(body);
  for (const name of names) if (!isWritable(name)) checkPropertyName(name);
  for (const [name, value] of Object.entries(body)) {
    if (name === "id" || name === "tags") continue;
    if (isWritable(name)) columns[name] = value;
    else if (isReadOnlyOnCreate(name)) readOnly.push(name);
    else if (name !== "locations") properties.push([name, schema.checkProperty(name, value)]);
  }
  schema.checkFormat("disk_format", columns.disk_format);
  schema.checkFormat("container_format", columns.container_format);
  schema.checkRequired(new Set(names));
  const reserved = names.find((name) => name === "locations" || isReserved(name));
  if (reserved !== undefined) fail("forbidden", `Attribute '${reserved}' is reserved.`, { form: "detail" });
  const tags = (body.tags ?? []) as string[];
  refuseBeyondBmp("name", columns.name as string);
  refuseBeyondBmp("owner", columns.owner as string);
  refuseBeyondBmp("tags", ...tags);
  return {
    ...(body.id === undefined ? {} : { id: body.id as string }),
    columns,
    tags,
    properties: Object.fromEntries(properties),
    readOnly,
  };
}

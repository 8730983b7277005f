/** /v2/images and /actions (docs/reference/images-api.md §2.1–2.5, §2.12). */
import type * as actions from "../../../openapi/actions.ts";
import type * as routes from "../../../openapi/images.ts";
import { z } from "zod";
import { NewLocationField, READ_ONLY_FIELDS, WRITABLE_FIELDS } from "../../../openapi/image.ts";
import type { checkMetadefs } from "../../../openapi/metadefs_check.ts";
import { fail } from "../../errors.ts";
import { createImage, createInput } from "../../images/create.ts";
import { deleteImage } from "../../images/delete.ts";
import { setActive } from "../../images/set_active.ts";
import { listImages, showImage } from "../../images/show.ts";
import { updateImage } from "../../images/update.ts";
import { checkImage } from "../../metadefs/check_image.ts";
import { type Call, empty, incoming, json, pageLinks } from "../bind.ts";
import { jsonBounds, readJson } from "../json_body.ts";
import { parseListQuery } from "../list_query.ts";
import { parsePatch, patchDialect } from "../patch_document.ts";
import { imageView } from "../view/image.ts";

export async function list(call: Call<typeof routes.listImages>): Promise<Response> {
  const { ctx, search } = call;
  const { images, next } = await listImages(ctx, parseListQuery(call.query(), search, ctx.deps.config));
  const { first, ...following } = pageLinks("/v2/images", search, next);
  return json(call, {
    images: images.map((image) => imageView(ctx, image)),
    first,
    schema: "/v2/schemas/images",
    ...following,
  });
}

export async function create(call: Call<typeof routes.createImage>): Promise<Response> {
  const { ctx, c } = call;
  const { config, stores, imageSchema } = ctx.deps;
  const image = await createImage(ctx, createInput(call.body, imageSchema));
  const { scheme, host } = c.get("base");
  const methods = config.get("DEFAULT.enabled_import_methods");
  return json(call, imageView(ctx, image), 201, {
    location: `${scheme}://${host}/v2/images/${image.id}`,
    ...(methods.length > 0 ? { "openstack-image-import-methods": methods.join(",") } : {}),
    ...(stores.multi ? { "openstack-image-store-ids": stores.all.map(({ id }) => id).join(",") } : {}),
  });
}

export async function show(call: Call<typeof routes.showImage>): Promise<Response> {
  return json(call, imageView(call.ctx, await showImage(call.ctx, call.param("image_id"))));
}

export async function update(call: Call<typeof routes.updateImage>): Promise<Response> {
  const { ctx, request } = call;
  const { config, imageSchema } = ctx.deps;
  const dialect = patchDialect(request.headers.get("content-type"));
  const body = await readJson(request, jsonBounds(config));
  const operations = parsePatch(body, dialect, imageSchema);
  return json(call, imageView(ctx, await updateImage(ctx, call.param("image_id"), operations)));
}

export async function remove(call: Call<typeof routes.deleteImage>): Promise<Response> {
  const id = call.param("image_id");
  await deleteImage(call.ctx, id, incoming(call, { method: "DELETE", path: `/v2/images/${id}` }));
  return empty(call, 204);
}

export async function deactivate(call: Call<typeof actions.deactivateImage>): Promise<Response> {
  await setActive(call.ctx, call.param("image_id"), "deactivate");
  return empty(call, 204);
}

export async function reactivate(call: Call<typeof actions.reactivateImage>): Promise<Response> {
  await setActive(call.ctx, call.param("image_id"), "reactivate");
  return empty(call, 204);
}

/** /v2/images/{id}/metadefs-check (docs/metadefs.md). */
export async function checkProperties(call: Call<typeof checkMetadefs>): Promise<Response> {
  const id = call.param("image_id");
  return json(call, { image_id: id, ...await checkImage(call.ctx, id) });
}

/**
 * The schema of the body. Unlike the contract it contains the read-only attributes: upstream checks their types before
 * it refuses them. Additional properties are checked one by one, by `schema-image.json`.
 */
export const CREATE_SCHEMA = z.looseObject({
  ...WRITABLE_FIELDS,
  ...READ_ONLY_FIELDS,
  locations: z.array(NewLocationField),
}).partial();

/** Links, which are refused before the schema is checked. */
const DISALLOWED = ["direct_url", "self", "file", "schema", "stores"];

/** Errors: forbidden for a link attribute. */
export function refuseLinks(body: unknown): void {
  if (Array.isArray(body)) {
    fail("bad_request", "Provided object does not match schema 'image': an object is expected");
  }
  const name = DISALLOWED.find((link) => Object.hasOwn(body as object, link));
  if (name !== undefined) fail("forbidden", `Attribute '${name}' is read-only.`);
}

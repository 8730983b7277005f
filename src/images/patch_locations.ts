/** `locations` in a PATCH document (docs/reference/images-api.md §5.6). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner } from "../policy/owner.ts";
import { limitText, remainingStorage } from "../quota/quota.ts";
import type { Draft, DraftLocation, ValidationData } from "./draft.ts";
import { checkLocationMetadata, sizeOfExternal } from "./external_location.ts";
import { metadataOfGiven, metadataWithStore } from "./guess_stores.ts";
import type { Operation } from "./operations.ts";
import { requireFormats } from "./upload.ts";
import { checkValidationData } from "./validation_data.ts";

/** The words for each refusal. */
const WORDS = {
  add: { forbidden: "add", conflict: "add", position: "adding" },
  replace: { forbidden: "update", conflict: "replace", position: "" },
  remove: { forbidden: "remove", conflict: "remove", position: "removing" },
} as const;

interface GivenLocation extends DraftLocation {
  validation_data?: ValidationData | undefined;
}

/** Errors: forbidden, not_found, conflict, bad_request, too_large. */
export async function patchLocations(ctx: Ctx, draft: Draft, { op, path, value }: Operation): Promise<void> {
  const { config, policy } = ctx.deps;
  const { locations } = draft;
  if (op === "replace" && (value as unknown[]).length === 0) {
    fail("forbidden", "Cannot set locations to empty list.", { form: "detail" });
  }
  await authorizeImage(
    policy,
    op === "remove" ? "delete_image_location" : "set_image_location",
    ctx.caller,
    draft.image,
  );
  if (!config.get("DEFAULT.show_multiple_locations")) {
    fail("forbidden", `It's not allowed to ${WORDS[op].forbidden} locations if locations are invisible.`);
  }
  const { status } = locations;
  if (status !== "active" && (op === "remove" || status !== "queued")) {
    fail("conflict", `It's not allowed to ${WORDS[op].conflict} locations if image status is ${status}.`);
  }
  // Before a location is looked up, because that sends a request.
  requireOwner(ctx.caller, draft.image);
  if (op === "remove") remove(draft, path[1]!);
  else if (op === "add") await add(ctx, draft, path[1]!, withStore(ctx, value as GivenLocation));
  else await replace(ctx, draft, (value as GivenLocation[]).map((given) => withStore(ctx, given)));
}

function withStore(ctx: Ctx, given: GivenLocation): GivenLocation {
  return { ...given, metadata: metadataOfGiven(ctx, given) };
}

function remove(draft: Draft, position: string): void {
  const { list } = draft.locations;
  if (list.length === 1) fail("forbidden", "Cannot remove last location in the image.");
  const index = position === "-" ? list.length - 1 : indexOf(position, "removing");
  if (index >= list.length) fail("bad_request", "Invalid position for removing a location.");
  draft.locations.remove(index);
}

async function add(ctx: Ctx, draft: Draft, position: string, given: GivenLocation): Promise<void> {
  const { locations } = draft;
  takeValidation(ctx, draft, [given]);
  const index = position === "-" ? locations.list.length : indexOf(position, "adding");
  await accept(ctx, draft, [given], locations.list);
  const { url, metadata } = given;
  locations.set(locations.list.toSpliced(index, 0, { url, metadata }));
}

async function replace(ctx: Ctx, draft: Draft, given: GivenLocation[]): Promise<void> {
  const { locations } = draft;
  takeValidation(ctx, draft, given);
  if (locations.list.length === 0) {
    await accept(ctx, draft, given, []);
    locations.set(given.map(({ url, metadata }) => ({ url, metadata })));
    return;
  }
  const known = locations.list.map(({ url }) => url).toSorted();
  if (JSON.stringify(known) !== JSON.stringify(given.map(({ url }) => url).toSorted())) {
    fail("bad_request", "Original locations is not empty: their URLs cannot be replaced.");
  }
  const left = [...locations.list];
  locations.set(given.map(({ url, metadata }) => {
    checkLocationMetadata(metadata);
    const [old] = left.splice(left.findIndex((location) => location.url === url), 1);
    return { ...old!, metadata };
  }));
}

/** The quotas, the validity of each URL, and the formats of a queued image, in this order. */
async function accept(
  ctx: Ctx,
  draft: Draft,
  given: GivenLocation[],
  present: readonly DraftLocation[],
): Promise<void> {
  const { image, locations } = draft;
  const sizes = await checkStorage(ctx, draft, given);
  const quota = ctx.deps.config.get("DEFAULT.image_location_quota");
  const attempted = present.length + given.length;
  if (quota >= 0 && attempted > quota) fail("too_large", limitText("image locations", attempted, quota));
  const seen = present.map((location) => identity(ctx, location));
  for (const [index, location] of given.entries()) {
    checkLocationMetadata(location.metadata);
    const size = sizes[index] ?? await sizeOfExternal(ctx, location.url, location.metadata);
    const own = identity(ctx, location);
    if (seen.includes(own)) fail("bad_request", `The location ${location.url} already exists`);
    seen.push(own);
    if (image.size === null) locations.size ??= size;
  }
  if (image.status === "queued") requireFormats(draft.current());
}

/** Only with user_storage_quota: what the new locations would add. Sizes that had to be asked come back. */
async function checkStorage(ctx: Ctx, draft: Draft, given: GivenLocation[]): Promise<(number | undefined)[]> {
  const remaining = await remainingStorage(ctx, draft.image.id);
  if (remaining === null) return [];
  const sizes: number[] = [];
  for (const { url, metadata } of given) {
    sizes.push(draft.image.size ?? await sizeOfExternal(ctx, url, metadata));
  }
  const attempted = sizes.reduce((sum, size) => sum + size, 0);
  if (attempted > remaining) {
    fail(
      "too_large",
      "Denying attempt to upload image because it exceeds the quota: The size of the data " +
        `${attempted} will exceed the limit. ${remaining} bytes remaining.`,
    );
  }
  return draft.image.size === null ? sizes : [];
}

function takeValidation(ctx: Ctx, draft: Draft, given: GivenLocation[]): void {
  const all = given.flatMap(({ validation_data }) => validation_data ? [validation_data] : []);
  const [first] = all;
  if (!first) return;
  if (all.some((data) => JSON.stringify(data) !== JSON.stringify(first))) {
    fail("conflict", "The validation_data of all locations must be the same.");
  }
  checkValidationData(draft.image, first, ctx.deps.config.get("DEFAULT.hashing_algorithm"));
  if (draft.image.status === "queued") draft.locations.validation = first;
}

function indexOf(position: string, word: string): number {
  if (!/^\d+$/.test(position)) fail("bad_request", `Invalid position for ${word} a location.`);
  return Number(position);
}

/** The same URL with the same metadata is the same location, whether or not its store has been put there yet. */
function identity(ctx: Ctx, location: DraftLocation): string {
  const metadata = ctx.deps.stores.multi ? metadataWithStore(ctx, location) : location.metadata;
  return JSON.stringify([location.url, Object.entries(metadata).toSorted()]);
}

/** POST /v2/images/{id}/import (docs/reference/images-api.md §2.8.2): the checks in their order, then a task. */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { findImage } from "../images/find.ts";
import { askPeer, type Incoming, peerOf } from "../images/peer.ts";
import { DIGEST_LENGTHS } from "../images/validation_data.ts";
import { authorizeImage } from "../policy/authorize.ts";
import { requireOwner, requireWriter } from "../policy/owner.ts";
import { enforceImageSizeTotal } from "../quota/quota.ts";
import type { StoreId } from "../stores/store.ts";
import { breakStaleLock, startTask } from "../tasks/start.ts";
import { checkImportUri } from "./fetch_source.ts";
import { type ExpectedHash, type ImportRequest, locationIn } from "./job.ts";
import { isStaged } from "./steps.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

interface ImportOptions {
  /** The request's X-Image-Meta-Store header, or null. */
  store: string | null;
  /** For the worker that holds the staged data, when that is another. */
  asked: Incoming;
}

/**
 * The id of the request that made the task: another worker may have.
 * Errors: bad_request, forbidden, not_found, conflict, too_large; those of `askPeer`.
 */
export async function importImage(
  ctx: Ctx,
  id: string,
  request: ImportRequest,
  { store, asked }: ImportOptions,
): Promise<{ requestId: string }> {
  const { deps, caller } = ctx;
  requireWriter(caller);
  const { method } = request;
  if (!deps.config.get("DEFAULT.enabled_import_methods").includes(method.name)) {
    fail("bad_request", `Unknown import method name '${method.name}'.`);
  }
  if (request.expected_hash) checkExpectedHash(request.expected_hash, method.name);
  await enforceImageSizeTotal(ctx, null);
  const image = await findImage(ctx, id);
  checkStatus(image, method.name);
  for (const name of ["container_format", "disk_format"] as const) {
    if (!image[name]) fail("conflict", `'${name}' needs to be set before import`);
  }
  if (method.name === "glance-download") checkRemote(method);
  if (method.name === "copy-image") await authorizeImage(deps.policy, "copy_image", caller, image);
  else {
    await authorizeImage(deps.policy, "modify_image", caller, image);
    requireOwner(caller, image);
  }
  await breakStaleLock(ctx, image);
  if (method.name === "glance-direct") await refuseWhileStaging(ctx, image);
  const stores = chooseStores(ctx, image, request, store);
  const { requestId } = ctx;
  if (stores.length === 0) return { requestId };
  const peer = method.name === "glance-direct"
    ? peerOf(deps.config, image, [IMAGE_PROPERTY.stageHost])
    : null;
  if (peer !== null && !(asked.forwarded && await isStaged(deps, image.id))) {
    return { requestId: await askPeer(ctx, peer, asked) ?? requestId };
  }
  if (method.name === "web-download") await checkImportUri(deps, method.uri, "URI for web-download");
  const sent = method.name === "glance-download"
    ? { ...request, method: { glance_service_interface: "public", ...method } }
    : request;
  const input = { image_id: image.id, import_req: sent, backend: stores };
  await startTask(ctx, image, { type: "api_image_import", input });
  return { requestId };
}

function checkStatus({ status }: ImageRecord, method: string): void {
  const wrong = (text: string) => fail("conflict", text);
  if (method === "copy-image") {
    if (status !== "active") wrong("Only images with status active can be targeted for copying");
    return;
  }
  if (status === "active") wrong("Image with status active cannot be target for import");
  const wanted = method === "glance-direct" ? "uploading" : "queued";
  if (status !== wanted) {
    wrong(`Image needs to be in '${wanted}' state to use '${method}' method`);
  }
}

/** Without a lease, half of the data is a dead glance-api's, and the import puts the image back. Errors: conflict. */
async function refuseWhileStaging({ deps }: Ctx, { id }: ImageRecord): Promise<void> {
  const staging = (await deps.db.read.uploads.list()).some(({ image_id }) => image_id === id);
  if (staging) fail("conflict", "The data of the image is still being staged");
}

function checkRemote({ glance_region, glance_image_id }: ImportRequest["method"]): void {
  if (!glance_region) fail("bad_request", "The method glance-download needs a glance_region.");
  if (!glance_image_id) fail("bad_request", "The method glance-download needs a glance_image_id.");
  if (!UUID.test(glance_image_id)) {
    fail("bad_request", "The glance-download image id does not look like a UUID.");
  }
}

function checkExpectedHash({ algorithm, value }: ExpectedHash, method: string): void {
  if (method === "copy-image") {
    fail("bad_request", "expected_hash is for methods that bring data; copy-image compares with the image.");
  }
  const length = DIGEST_LENGTHS[algorithm];
  if (length === undefined) {
    fail("bad_request", `expected_hash: algorithm is one of ${Object.keys(DIGEST_LENGTHS).join(", ")}.`);
  }
  if (value.length !== length || !/^[0-9a-fA-F]+$/.test(value)) {
    fail("bad_request", `expected_hash: a ${algorithm} hash has ${length} hexadecimal digits.`);
  }
}

/**
 * Ids of the stores to write to, `[null]` in single-store mode; empty when a copy to all has nothing to do.
 * Errors: bad_request, conflict for an unknown store and where no store takes data.
 */
function chooseStores(
  ctx: Ctx,
  image: ImageRecord,
  request: ImportRequest,
  header: string | null,
): StoreId[] {
  const { stores } = ctx.deps;
  const copying = request.method.name === "copy-image";
  const mustSucceed = request.all_stores_must_succeed ?? true;
  if (!stores.multi) {
    if (!mustSucceed) {
      fail("bad_request", "All_stores_must_succeed can only be set with enabled_backends.");
    }
    if (copying) fail("bad_request", "copy-image needs several stores (enabled_backends).");
    return [null];
  }
  const named = namedStores(ctx, request, header);
  if (named.length === 0) fail("conflict", "None of the stores takes data.");
  for (const id of named) if (!stores.byId(id)) fail("conflict", `Store for identifier ${id} not found`);
  if (!copying) return named;
  const holding = named.filter((id) => locationIn(ctx.deps, image, id));
  if (request.all_stores) return named.filter((id) => !holding.includes(id));
  if (holding.length > 0) {
    fail("bad_request", `Image is already present at store '${holding.join(",")}'`);
  }
  return named;
}

function namedStores({ deps: { stores } }: Ctx, request: ImportRequest, header: string | null): string[] {
  if (request.all_stores) {
    if (request.stores || header !== null) {
      fail(
        "bad_request",
        "All_stores parameter can't be used with x-image-meta-store header or stores parameter",
      );
    }
    // A store that takes no data by design, such as http, is not meant by "all".
    return stores.all.filter(({ type }) => type !== "http").map(({ id }) => id!);
  }
  if (request.stores) {
    if (header !== null) {
      fail("bad_request", "Stores parameter and x-image-meta-store header can't be both specified");
    }
    if (request.stores.length === 0) fail("bad_request", "The list of stores must not be empty.");
    return [...new Set(request.stores)];
  }
  return [header ?? stores.default.id!];
}

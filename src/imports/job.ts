/**
 * What an import has to do: the body of POST /v2/images/{id}/import, and the input of its task (docs/reference/tasks-api.md
 * §5.2); and the image that it works on: its row, its two lists of stores, its locations (docs/reference/images-api.md §2.8.3).
 */
import * as v from "valibot";
import type { ImageRecord, ImageTransition, LocationRecord } from "../../db/records.ts";
import type { TaskRecord } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Quota } from "../quota/quota.ts";
import type { Store, StoreId } from "../stores/store.ts";
import { fields, given, readInput, type TaskRun, text } from "../tasks/runner.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";
import { IMAGE_PROPERTY } from "../util/names.ts";

const METHODS = ["glance-direct", "web-download", "copy-image", "glance-download"] as const;
export type MethodName = typeof METHODS[number];

const NO_METHOD = "Input does not name a known import method.";
const NO_STORES = "Input names no stores.";

const EXPECTED_HASH = v.object(
  { algorithm: text("expected_hash.algorithm"), value: text("expected_hash.value") },
  "Input field 'expected_hash' must have an algorithm and a value",
);

const REQUEST = v.object({
  method: v.object({
    name: v.string(NO_METHOD),
    uri: v.optional(v.unknown()),
    glance_region: v.nullish(text("glance_region")),
    glance_image_id: v.nullish(text("glance_image_id")),
    glance_service_interface: v.nullish(text("glance_service_interface")),
  }, NO_METHOD),
  stores: v.nullish(v.array(text("stores"), "Input field 'stores' must be a list")),
  all_stores: v.nullish(v.boolean("Input field 'all_stores' must be true or false")),
  all_stores_must_succeed: v.nullish(
    v.boolean("Input field 'all_stores_must_succeed' must be true or false"),
  ),
  expected_hash: v.nullish(EXPECTED_HASH),
}, NO_METHOD);

const INPUT = fields({
  // A task may name anything; the id of no image is that of an image which is not found.
  image_id: given("image_id", v.pipe(v.unknown(), v.transform(String))),
  import_req: given("import_req", REQUEST),
  backend: given(
    "backend",
    v.pipe(v.array(v.nullable(text("backend")), NO_STORES), v.minLength(1, NO_STORES)),
  ),
});

export type ExpectedHash = v.InferOutput<typeof EXPECTED_HASH>;
export type ImportRequest = v.InferOutput<typeof REQUEST>;

export interface ImportJob {
  imageId: string;
  method: ImportRequest["method"];
  name: MethodName;
  stores: StoreId[];
  mustSucceed: boolean;
  expectedHash: ExpectedHash | null;
}

/** Errors: bad_request, naming what is missing or wrong. */
export function jobOf(task: Pick<TaskRecord, "type" | "input">): ImportJob {
  const { image_id, import_req: request, backend } = readInput(task, INPUT);
  const name = METHODS.find((method) => method === request.method.name) ?? fail("bad_request", NO_METHOD);
  const expectedHash = request.expected_hash ?? null;
  if (expectedHash) nodeAlgorithm(expectedHash.algorithm, "expected_hash");
  return {
    imageId: image_id,
    method: request.method,
    name,
    stores: backend,
    mustSucceed: request.all_stores_must_succeed ?? true,
    expectedHash,
  };
}

/** Errors: conflict, for a store that is not configured any more. */
export function storeOf({ stores }: Pick<Deps, "stores">, id: StoreId): Store {
  if (id === null) return stores.default;
  return stores.byId(id) ?? fail("conflict", `Store for identifier ${id} not found`);
}

/** Statuses of an image that allow an import. */
export const IMPORT_STATUSES = ["queued", "uploading", "importing", "active", "deactivated"] as const;

/** Changes the row, only while the run holds its task. Errors: not_found, conflict, too_large by `quota`. */
export async function move(
  { ctx, token }: TaskRun,
  change: ImageTransition,
  quota: Quota | null = null,
): Promise<ImageRecord> {
  const limit = quota?.limit ?? null;
  const result = await ctx.deps.db.write.images.transition({ ...change, task: token, limit });
  switch (result.outcome) {
    case "done":
      return result.image;
    case "over":
      return quota!.refuse(result.used);
    case "gone":
      return fail("not_found", "The image was deleted while it was imported.");
    case "status":
      return fail(
        "conflict",
        `The image is ${result.status}, or its import was taken over: it cannot go on.`,
      );
  }
}

/** Whether a copy of the image is complete: then users may have it. */
export function isWhole({ status }: ImageRecord): boolean {
  return status === "active" || status === "deactivated";
}

/** Returns the stores that are recorded as failed. */
export function failedStores(image: ImageRecord): string[] {
  return (image.properties[IMAGE_PROPERTY.failed] ?? "").split(",").filter((id) => id !== "");
}

/** Both lists, when `importing` are still to do and `failed` have failed. The single store has no name. */
export function listProperties(
  importing: readonly StoreId[],
  failed: readonly StoreId[],
): Record<string, string> {
  const list = (ids: readonly StoreId[]) => [...new Set(ids.filter((id) => id !== null))].sort().join(",");
  return { [IMAGE_PROPERTY.importing]: list(importing), [IMAGE_PROPERTY.failed]: list(failed) };
}

/** The location that the image has in a store. */
export function locationIn(
  { stores }: Pick<Deps, "stores">,
  image: ImageRecord,
  id: StoreId,
): LocationRecord | undefined {
  const store = id === null ? stores.default : stores.byId(id);
  return image.locations.find((location) => stores.forLocation(location) === store);
}

/** Those of the stores that the image has no location in. */
export function without(
  deps: Pick<Deps, "stores">,
  image: ImageRecord,
  stores: readonly StoreId[],
): StoreId[] {
  return stores.filter((id) => !locationIn(deps, image, id));
}

/** Copies that count for the caller already: all of an own image, of another's those of this import. */
export function copiesCounted(
  { deps, caller }: Pick<Ctx, "deps" | "caller">,
  job: ImportJob,
  image: ImageRecord,
): number {
  if (image.owner === caller.projectId) return image.locations.length;
  return job.stores.length - without(deps, image, job.stores).length;
}

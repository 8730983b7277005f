/** What an import task has to do, read from its input (spec/tasks-api.md §5.2). */
import type { ImageRecord } from "../../db/records.ts";
import type { TaskRecord } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Store } from "../stores/store.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";
import { pluginNames } from "./plugins/run.ts";

export const METHODS = ["glance-direct", "web-download", "copy-image", "glance-download"] as const;
export type MethodName = typeof METHODS[number];

export interface ExpectedHash {
  algorithm: string;
  value: string;
}

/** Body of POST /v2/images/{id}/import. */
export interface ImportRequest {
  method: {
    name: string;
    uri?: unknown;
    glance_region?: string;
    glance_image_id?: string;
    glance_service_interface?: string;
  };
  stores?: string[];
  all_stores?: boolean;
  all_stores_must_succeed?: boolean;
  expected_hash?: ExpectedHash;
}

export interface ImportJob {
  imageId: string;
  method: ImportRequest["method"];
  name: MethodName;
  /** Store ids; null = the only store of the single-store mode. */
  stores: (string | null)[];
  mustSucceed: boolean;
  expectedHash: ExpectedHash | null;
}

/** Errors: bad_request, naming what is missing. */
export function jobOf({ type, input }: Pick<TaskRecord, "type" | "input">): ImportJob {
  if (!input || Object.keys(input).length === 0) fail("bad_request", `Input of ${type} is empty`);
  for (const name of ["image_id", "import_req", "backend"]) {
    if (!input[name]) fail("bad_request", `Input does not contain '${name}' field`);
  }
  const request = input.import_req as ImportRequest;
  const name = METHODS.find((method) => method === request.method?.name) ??
    fail("bad_request", "Input names no import method that is known.");
  const stores = input.backend;
  if (!Array.isArray(stores) || stores.length === 0) fail("bad_request", "Input names no stores.");
  if (request.expected_hash) nodeAlgorithm(String(request.expected_hash.algorithm), "expected_hash");
  return {
    imageId: String(input.image_id),
    method: request.method,
    name,
    stores,
    mustSucceed: request.all_stores_must_succeed ?? true,
    expectedHash: request.expected_hash ?? null,
  };
}

/** Errors: conflict, for a store that is not configured any more. */
export function storeOf({ stores }: Pick<Deps, "stores">, id: string | null): Store {
  if (id === null) return stores.default;
  return stores.byId(id) ?? fail("conflict", `Store for identifier ${id} not found`);
}

/** The location that an image has in a store. */
export function locationIn(deps: Pick<Deps, "stores">, image: ImageRecord, id: string | null) {
  const store = id === null ? deps.stores.default : deps.stores.byId(id);
  return image.locations.find((location) => deps.stores.forLocation(location) === store);
}

/** Copies of an image that count for the caller already: all of an own image, of another's those of this import. */
export function copiesCounted(
  { deps, caller }: Pick<Ctx, "deps" | "caller">,
  job: ImportJob,
  image: ImageRecord,
): number {
  if (image.owner === caller.projectId) return image.locations.length;
  return job.stores.filter((id) => locationIn(deps, image, id)).length;
}

/** Whether another process can go on with the import: plugins change the staged data, a token is not kept. */
export function isResumable({ config }: Pick<Deps, "config">, { name }: ImportJob): boolean {
  return name === "copy-image" || name !== "glance-download" && pluginNames(config).length === 0;
}

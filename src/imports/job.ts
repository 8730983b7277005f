/** What an import has to do: the body of POST /v2/images/{id}/import, and the input of its task (docs/reference/tasks-api.md §5.2). */
import * as v from "valibot";
import type { TaskRecord } from "../../db/task_records.ts";
import type { Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Store, StoreId } from "../stores/store.ts";
import { fields, given, readInput, text } from "../tasks/kind.ts";
import { nodeAlgorithm } from "../util/hash_algorithm.ts";

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

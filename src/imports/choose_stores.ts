/** Which stores an import request names (spec/images-api.md §2.8.2, checks 12 to 16). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { type ImportRequest, locationIn } from "./job.ts";

/**
 * Ids of the stores to write to, `[null]` in single-store mode; empty when a copy to all has nothing to do.
 * Errors: bad_request, conflict for an unknown store and where no store takes data.
 */
export function chooseStores(
  ctx: Ctx,
  image: ImageRecord,
  request: ImportRequest,
  header: string | null,
): (string | null)[] {
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
    if (request.stores !== undefined || header !== null) {
      fail(
        "bad_request",
        "All_stores parameter can't be used with x-image-meta-store header or stores parameter",
      );
    }
    // A store that takes no data by design, such as http, is not meant by "all".
    return stores.all.filter(({ type }) => type !== "http").map(({ id }) => id!);
  }
  if (request.stores !== undefined) {
    if (header !== null) {
      fail("bad_request", "Stores parameter and x-image-meta-store header can't be both specified");
    }
    if (request.stores.length === 0) fail("bad_request", "The list of stores must not be empty.");
    return [...new Set(request.stores)];
  }
  return [header ?? stores.default.id!];
}

/** The stores as GET /v2/info/stores returns them (docs/reference/images-api.md §2.14). */
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { authorize } from "../policy/authorize.ts";
import { NO_TARGET } from "../policy/targets.ts";
import type { Store } from "../stores/store.ts";

interface StoreDescription {
  id: string;
  description?: string;
  default?: "true";
  "read-only"?: "true";
}

/** Errors: not_found in single-store mode. */
export function describeStores(ctx: Ctx): StoreDescription[] {
  requireMulti(ctx);
  return ctx.deps.stores.all.map((store) => describe(ctx, store));
}

/** The same with type, properties and weight. Errors: not_found, forbidden. */
export async function describeStoresInDetail(ctx: Ctx) {
  requireMulti(ctx);
  await authorize(ctx.deps.policy, "stores_info_detail", ctx.caller, NO_TARGET);
  return ctx.deps.stores.all.map((store) => ({
    ...describe(ctx, store),
    type: store.type,
    properties: store.properties,
    weight: store.weight,
  }));
}

function requireMulti(ctx: Ctx): void {
  if (!ctx.deps.stores.multi) fail("not_found", "Multi backend is not supported at this site.");
}

function describe(ctx: Ctx, store: Store): StoreDescription {
  return {
    id: store.id!,
    ...(store.description ? { description: store.description } : {}),
    ...(store === ctx.deps.stores.default ? { default: "true" } : {}),
    ...(store.schemes.includes("http") ? { "read-only": "true" } : {}),
  };
}

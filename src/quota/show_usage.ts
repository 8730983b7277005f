/** GET /v2/info/usage (docs/reference/images-api.md §2.14). */
import type { Ctx } from "../deps.ts";
import { type Resource, UNIT } from "./unified.ts";

/** Usage and limits of the caller's project, in units of the limits; empty without unified limits. Errors: unavailable. */
export async function showUsage(
  ctx: Ctx,
): Promise<Partial<Record<Resource, { usage: number; limit: number }>>> {
  const { db, limits } = ctx.deps;
  if (limits === null) return {};
  const owner = ctx.caller.projectId;
  const [allowed, used] = await Promise.all([limits.of(owner), db.read.usage.all({ owner })]);
  const resources = Object.keys(UNIT) as Resource[];
  return Object.fromEntries(
    resources.map((name) => [
      name,
      { usage: Math.floor(used[name] / UNIT[name]), limit: allowed.get(name) ?? 0 },
    ]),
  );
}

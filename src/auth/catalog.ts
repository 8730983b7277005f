/** Catalogs in Keystone's v2 layout, the format of identity headers (docs/reference/auth-and-middleware.md §1.5). */
import * as v from "valibot";
import type { Service } from "./keystone_answers.ts";

const Version2 = v.array(v.object({
  name: v.nullish(v.string()),
  type: v.string(),
  endpoints: v.nullish(
    v.array(v.object({
      region: v.nullish(v.string()),
      publicURL: v.nullish(v.string()),
      internalURL: v.nullish(v.string()),
      adminURL: v.nullish(v.string()),
    })),
    [],
  ),
}));

const FACES = [["public", "publicURL"], ["internal", "internalURL"], ["admin", "adminURL"]] as const;

/** Converts a catalog from the v2 layout to v3's. @throws when it is not a v2 catalog */
export function catalogFromVersion2(value: unknown): Service[] {
  return v.parse(Version2, value).map((service) => ({
    type: service.type,
    name: service.name,
    endpoints: (service.endpoints ?? []).flatMap((endpoint) =>
      FACES.flatMap(([face, key]) => {
        const url = endpoint[key];
        return url ? [{ interface: face, region: endpoint.region, region_id: endpoint.region, url }] : [];
      })
    ),
  }));
}

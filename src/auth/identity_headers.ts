/** Identity headers of a trusted proxy (docs/reference/auth-and-middleware.md §1.5, docs/reference/policy.md §1.2). */
import * as v from "valibot";
import { type Caller, NOBODY } from "../caller.ts";
import { fail } from "../errors.ts";
import type { Service } from "./keystone_answers.ts";

/** Headers that identify a caller, besides the status. */
const IDENTIFYING = ["x-user-id", "x-user", "x-project-id", "x-tenant-id", "x-tenant", "x-roles", "x-role"];

/**
 * The identity headers of a request: the caller, `invalid` when the proxy rejected the identity, `silent` without such
 * headers. Only headers of a trusted TCP peer count.
 * @param statusRequired whether a caller needs `X-Identity-Status: Confirmed`
 * @throws GlanceError `internal` when `X-Service-Catalog` is not JSON
 */
export function readIdentityHeaders(
  headers: Headers,
  statusRequired: boolean,
): Caller | "invalid" | "silent" {
  const status = headers.get("x-identity-status");
  if (status === null) {
    if (statusRequired || !IDENTIFYING.some((name) => headers.has(name))) return "silent";
  } else if (status.trim() !== "Confirmed") return "invalid";
  const get = (...names: string[]) => first(headers, names);
  return {
    ...NOBODY,
    userId: get("x-user-id", "x-user"),
    userName: get("x-user-name"),
    userDomainId: get("x-user-domain-id"),
    userDomainName: get("x-user-domain-name"),
    projectId: get("x-project-id", "x-tenant-id", "x-tenant"),
    projectName: get("x-project-name", "x-tenant-name"),
    projectDomainId: get("x-project-domain-id"),
    projectDomainName: get("x-project-domain-name"),
    domainId: get("x-domain-id"),
    domainName: get("x-domain-name"),
    systemScope: get("openstack-system-scope"),
    roles: split(get("x-roles", "x-role")).map((role) => role.toLowerCase()),
    isAdminProject: (get("x-is-admin-project") ?? "true").toLowerCase() === "true",
    token: get("x-auth-token", "x-storage-token"),
    catalog: readCatalog(get("x-service-catalog")),
    ...readService(headers),
  };
}

function readService(headers: Headers): Partial<Caller> {
  const status = headers.get("x-service-identity-status");
  if (status !== null && status.trim() !== "Confirmed") return {};
  const get = (...names: string[]) => first(headers, names);
  return {
    serviceRoles: split(get("x-service-roles")),
    serviceUserId: get("x-service-user-id"),
    serviceUserDomainId: get("x-service-user-domain-id"),
    serviceProjectId: get("x-service-project-id"),
    serviceProjectDomainId: get("x-service-project-domain-id"),
  };
}

function first(headers: Headers, names: readonly string[]): string | null {
  for (const name of names) {
    const value = headers.get(name)?.trim();
    if (value !== undefined) return value === "" ? null : fromBytes(value);
  }
  return null;
}

/** Proxies write names in UTF-8; the runtime reads each byte of a header as one character. */
function fromBytes(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
    );
  } catch {
    return text;
  }
}

function split(list: string | null): string[] {
  return (list ?? "").split(",").map((each) => each.trim()).filter((each) => each !== "");
}

function readCatalog(text: string | null): readonly unknown[] | null {
  if (text === null) return null;
  try {
    return catalogFromVersion2(JSON.parse(text));
  } catch (cause) {
    return fail("internal", "Invalid service catalog json.", { cause });
  }
}

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
function catalogFromVersion2(value: unknown): Service[] {
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

/** Converts Keystone's description of a token to the caller (docs/reference/policy.md §1.2, docs/reference/auth-and-middleware.md §1.5). */
import { createHash } from "node:crypto";
import { type Caller, NOBODY } from "../caller.ts";
import { Lru } from "../util/lru.ts";
import type { AccessRule, Service, Token } from "./keystone_answers.ts";

/** The identity of a validated token, without the token itself. */
export interface Identity {
  /** Without token, service fields and `isAdmin`. */
  readonly caller: Caller;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Role names as in Keystone. */
  readonly roleNames: readonly string[];
  /** Of an application credential; null without rules. */
  readonly accessRules: readonly AccessRule[] | null;
  /** Types of the services in the catalog. */
  readonly serviceTypes: ReadonlySet<string>;
}

/** Converts a token's body; `pool` lets tokens share equal catalogs. */
export function toIdentity(token: Token, pool: PoolCatalog): Identity {
  const catalog = token.catalog ? pool(token.catalog) : null;
  const roleNames = (token.roles ?? []).map((role) => role.name);
  return {
    caller: {
      ...NOBODY,
      userId: token.user.id,
      userName: token.user.name ?? null,
      userDomainId: token.user.domain?.id ?? null,
      userDomainName: token.user.domain?.name ?? null,
      projectId: token.project?.id ?? null,
      projectName: token.project?.name ?? null,
      projectDomainId: token.project?.domain?.id ?? null,
      projectDomainName: token.project?.domain?.name ?? null,
      domainId: token.domain?.id ?? null,
      domainName: token.domain?.name ?? null,
      systemScope: token.system?.all === true ? "all" : null,
      roles: roleNames.map((name) => name.toLowerCase()),
      isAdminProject: token.is_admin_project ?? true,
      catalog,
    },
    expiresAt: Date.parse(token.expires_at),
    roleNames,
    accessRules: token.application_credential?.access_rules ?? null,
    serviceTypes: new Set((catalog ?? []).map((service) => service.type)),
  };
}

/** The caller of a user token, with the fields that a validated service token adds. */
export function toCaller(identity: Identity, token: string, service: Identity | null): Caller {
  if (service === null) return { ...identity.caller, token };
  return {
    ...identity.caller,
    token,
    serviceRoles: service.roleNames,
    serviceUserId: service.caller.userId,
    serviceUserDomainId: service.caller.userDomainId,
    serviceProjectId: service.caller.projectId,
    serviceProjectDomainId: service.caller.projectDomainId,
  };
}

/** Catalogs kept at most; they differ by project where URLs contain the project's id. */
const CAPACITY = 512;

/** Returns the kept copy of an equal catalog. */
type PoolCatalog = (catalog: readonly Service[]) => readonly Service[];

export function makeCatalogPool(capacity = CAPACITY): PoolCatalog {
  const known = new Lru<string, readonly Service[]>(capacity);
  return (catalog) => {
    const key = createHash("sha256").update(JSON.stringify(catalog)).digest("base64");
    const same = known.get(key);
    if (same !== undefined) return same;
    known.set(key, catalog);
    return catalog;
  };
}

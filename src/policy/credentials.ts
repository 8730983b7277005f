/** The attributes of the caller that rules can use (docs/reference/policy.md §3.4). */
import type { Caller } from "../caller.ts";
import { valueText } from "./match.ts";

/** Names on the left side of a check, and the fields of the caller. `is_admin` is left out on purpose. */
const CREDENTIALS = {
  user_id: (caller: Caller) => caller.userId,
  user_domain_id: (caller: Caller) => caller.userDomainId,
  system_scope: (caller: Caller) => caller.systemScope,
  system: (caller: Caller) => caller.systemScope,
  domain_id: (caller: Caller) => caller.domainId,
  project_id: (caller: Caller) => caller.projectId,
  project_domain_id: (caller: Caller) => caller.projectDomainId,
  roles: (caller: Caller) => caller.roles,
  is_admin_project: (caller: Caller) => caller.isAdminProject,
  service_user_id: (caller: Caller) => caller.serviceUserId,
  service_user_domain_id: (caller: Caller) => caller.serviceUserDomainId,
  service_project_id: (caller: Caller) => caller.serviceProjectId,
  service_project_domain_id: (caller: Caller) => caller.serviceProjectDomainId,
  service_roles: (caller: Caller) => caller.serviceRoles,
} as const satisfies Record<string, (caller: Caller) => unknown>;

/** The credential of that name as a function of the caller; undefined when rules cannot use it. */
export function credential(name: string): ((caller: Caller) => unknown) | undefined {
  return Object.hasOwn(CREDENTIALS, name) ? CREDENTIALS[name as keyof typeof CREDENTIALS] : undefined;
}

/** All credentials by name, as an `http:` check sends them. */
export function credentials(caller: Caller): Record<string, unknown> {
  return Object.fromEntries(Object.entries(CREDENTIALS).map(([name, of]) => [name, of(caller)]));
}

/** Whether the value, or any element of it, has `text` at the end of the path. */
export function hasText(value: unknown, path: readonly string[], text: string): boolean {
  if (Array.isArray(value)) return value.some((item) => hasText(item, path, text));
  const [key, ...rest] = path;
  if (key === undefined) return valueText(value) === text;
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return false;
  return hasText((value as Record<string, unknown>)[key], rest, text);
}

/** The caller of a request, for policy and the database (docs/reference/policy.md §1.2, docs/reference/auth-and-middleware.md §2). */
export interface Caller {
  userId: string | null;
  userName: string | null;
  userDomainId: string | null;
  userDomainName: string | null;
  /** The project; the owner of images that the caller creates. */
  projectId: string | null;
  projectName: string | null;
  projectDomainId: string | null;
  projectDomainName: string | null;
  domainId: string | null;
  domainName: string | null;
  /** `all` for a system-scoped token. */
  systemScope: string | null;
  /** Lower-cased. */
  roles: readonly string[];
  /** Case kept; empty unless a valid service token came along. */
  serviceRoles: readonly string[];
  serviceUserId: string | null;
  serviceUserDomainId: string | null;
  serviceProjectId: string | null;
  serviceProjectDomainId: string | null;
  isAdminProject: boolean;
  /** The policy rule `context_is_admin`, evaluated once when the request came in. */
  isAdmin: boolean;
  /** Only the anonymous caller. */
  readOnly: boolean;
  /** The user's token, for calls on its behalf. Never logged. */
  token: string | null;
  /** The catalog of the token, in Keystone's v3 layout; null when there is none. */
  catalog: readonly unknown[] | null;
}

/** A caller without any identity; the base of every other caller. */
export const NOBODY: Caller = Object.freeze({
  userId: null,
  userName: null,
  userDomainId: null,
  userDomainName: null,
  projectId: null,
  projectName: null,
  projectDomainId: null,
  projectDomainName: null,
  domainId: null,
  domainName: null,
  systemScope: null,
  roles: Object.freeze([]),
  serviceRoles: Object.freeze([]),
  serviceUserId: null,
  serviceUserDomainId: null,
  serviceProjectId: null,
  serviceProjectDomainId: null,
  isAdminProject: true,
  isAdmin: false,
  readOnly: false,
  token: null,
  catalog: null,
});

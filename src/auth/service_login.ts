/** The login of a service user at Keystone: from the options to the body of the request (docs/reference/configuration.md §6). */
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";

/** The sections with the login of a service user. */
type LoginSection = "keystone_authtoken" | "oslo_limit";

/** A user or project: by id, or by name within a domain. */
type Named = { id: string } | { name: string; domain: Domain };

/** A domain by id or by name. */
type Domain = { id: string } | { name: string };

/** A login. Contains secrets: never logged. */
export interface ServiceLogin {
  /** Without a slash at its end. */
  authUrl: string;
  /** The `auth` object of POST /v3/auth/tokens. */
  auth: { identity: unknown; scope?: unknown };
}

const PASSWORD_TYPES = ["password", "v3password"];
const CREDENTIAL_TYPE = "v3applicationcredential";

type TextOption =
  | "auth_type"
  | "auth_url"
  | "username"
  | "user_id"
  | "password"
  | `${"user" | "project" | "default"}_domain_${"id" | "name"}`
  | `${"project" | "domain"}_${"id" | "name"}`
  | "system_scope"
  | "trust_id"
  | `application_credential_${"id" | "name" | "secret"}`;

interface Section {
  readonly config: Pick<Config, "get">;
  readonly name: LoginSection;
}

function get(section: Section, name: TextOption): string | null {
  return section.config.get(`${section.name}.${name}`);
}

function need(section: Section, name: TextOption, or = ""): string {
  return get(section, name) ?? wrong(section, `${name}${or} is not set`);
}

function wrong(section: Section, what: string): never {
  return fail("config", `[${section.name}] ${what}.`);
}

/**
 * Reads the login of a section.
 * @throws GlanceError `config`, naming the section and the missing option
 */
export function readServiceLogin(config: Pick<Config, "get">, name: LoginSection): ServiceLogin {
  const section = { config, name };
  const authUrl = readUrl(section);
  const type = get(section, "auth_type") ?? "password";
  if (PASSWORD_TYPES.includes(type)) {
    const user = { ...readUser(section), password: need(section, "password") };
    const identity = { methods: ["password"], password: { user } };
    const scope = readScope(section);
    return { authUrl, auth: scope === null ? { identity } : { identity, scope } };
  }
  if (type === CREDENTIAL_TYPE) {
    const identity = { methods: ["application_credential"], application_credential: readCredential(section) };
    return { authUrl, auth: { identity } };
  }
  return wrong(
    section,
    `auth_type "${type}" is not known: use ${[...PASSWORD_TYPES, CREDENTIAL_TYPE].join(", ")}`,
  );
}

function readUrl(section: Section): string {
  const text = need(section, "auth_url").replace(/\/+$/, "");
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    wrong(section, "auth_url is not an http or https URL");
  }
  // The challenge of every 401 contains it.
  if (url.username || url.password) wrong(section, "auth_url must not hold a user or password");
  return text;
}

function readDomain(section: Section, kind: "user" | "project"): Domain {
  for (const prefix of [kind, "default"] as const) {
    const id = get(section, `${prefix}_domain_id`);
    if (id !== null) return { id };
    const name = get(section, `${prefix}_domain_name`);
    if (name !== null) return { name };
  }
  return wrong(section, `${kind}_domain_name (or ${kind}_domain_id) is not set`);
}

function readUser(section: Section): Named {
  const id = get(section, "user_id");
  if (id !== null) return { id };
  return { name: need(section, "username", " (or user_id)"), domain: readDomain(section, "user") };
}

function readCredential(section: Section): unknown {
  const secret = need(section, "application_credential_secret");
  const id = get(section, "application_credential_id");
  if (id !== null) return { id, secret };
  const name = need(section, "application_credential_name", " (or application_credential_id)");
  return { name, secret, user: readUser(section) };
}

function readScope(section: Section): unknown {
  const trust = get(section, "trust_id");
  if (trust !== null) return { "OS-TRUST:trust": { id: trust } };
  if (get(section, "system_scope") !== null) return { system: { all: true } };
  const projectId = get(section, "project_id");
  if (projectId !== null) return { project: { id: projectId } };
  const name = get(section, "project_name");
  if (name !== null) return { project: { name, domain: readDomain(section, "project") } };
  const domainId = get(section, "domain_id");
  const domainName = get(section, "domain_name");
  if (domainId !== null) return { domain: { id: domainId } };
  return domainName !== null ? { domain: { name: domainName } } : null;
}

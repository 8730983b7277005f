/** Permissions to create, read, update and delete custom properties of images (docs/reference/policy.md §9). */
import type { Caller } from "../caller.ts";
import type { Config } from "../config/config.ts";
import { fail, GlanceError } from "../errors.ts";
import { FileWatch } from "./file_watch.ts";
import { type PolicyEnforcer, type PolicyLog, SILENT } from "./load.ts";
import { parseProtectionFile, PROPERTY_ACTIONS, type PropertyAction } from "./protection_file.ts";
import { type Pattern, pythonRegExp } from "./python_regexp.ts";
import { NO_TARGET } from "./targets.ts";

export type { PropertyAction } from "./protection_file.ts";

export interface PropertyProtections {
  /** Loads a changed file; called once per request. A file with errors leaves the protections unchanged. */
  refresh(): void;
  /** False without a file: everything is allowed, and callers may skip the check. */
  readonly active: boolean;
  /**
   * Whether the caller may do that with the custom property of that name; a promise only for `http:` checks. Ignores
   * blanks around the name: a PATCH cannot express them.
   */
  allows(action: PropertyAction, property: string, caller: Caller): boolean | Promise<boolean>;
}

/** Whether a caller has the permission of an action of a section. */
type Permission = (caller: Caller) => boolean | Promise<boolean>;

interface Section {
  pattern: Pattern;
  permissions: Record<PropertyAction, Permission>;
}

const EVERYONE: Permission = () => true;
const NOBODY_AT_ALL: Permission = () => false;

/** The service's own properties; sections of the operator do not apply to them. */
const OWN_PREFIX = "os_glance";
const OWN: Section = {
  pattern: /os_glance.*/,
  permissions: { create: EVERYONE, read: EVERYONE, update: EVERYONE, delete: EVERYONE },
};

/** The protections without a file. */
const OFF: PropertyProtections = Object.freeze({ active: false, refresh() {}, allows: () => true });

/** Bounds of the cached names, which callers choose: their number, and their length. */
const MAX_NAMES = 10_000;
const MAX_LENGTH = 255;

/**
 * Reads `property_protection_file`; `refresh` applies later changes.
 * @throws GlanceError `config`, with file and line, for any doubt about the protections.
 */
export function loadPropertyProtections(
  config: Pick<Config, "get" | "findFile">,
  enforcer: Pick<PolicyEnforcer, "passes">,
  log: PolicyLog = SILENT,
): PropertyProtections {
  const name = config.get("DEFAULT.property_protection_file");
  if (name === null) return OFF;
  const file = config.findFile(name);
  if (file === null) fail("config", `The property protection file ${name} was not found.`);
  const makePermission = config.get("DEFAULT.property_protection_rule_format") === "roles"
    ? rolesPermission
    : (value: string, where: string) => policyPermission(enforcer, value, where);
  return new FileProtections(file, (text) => readSections(text, file, makePermission, log), log);
}

/** The first section whose pattern matches the name decides; without one nobody has permission. */
class FileProtections implements PropertyProtections {
  readonly active = true;
  readonly #file: string;
  readonly #parse: (text: string) => Section[];
  readonly #log: PolicyLog;
  readonly #watch = new FileWatch();
  readonly #known = new Map<string, Section | undefined>();
  #text: string | null = null;
  #sections: readonly Section[] = [];
  #complaint = "";

  constructor(file: string, parse: (text: string) => Section[], log: PolicyLog) {
    this.#file = file;
    this.#parse = parse;
    this.#log = log;
    this.#read();
  }

  refresh(): void {
    if (!this.#watch.mayHaveChanged()) return;
    try {
      if (!this.#read()) return;
      this.#complaint = "";
      this.#log.info(`property protections were reloaded: ${this.#file}`);
    } catch (error) {
      const reason = error instanceof GlanceError ? error.message : String(error);
      if (reason === this.#complaint) return;
      this.#complaint = reason;
      this.#log.error(
        `property protections could not be reloaded, the previous ones stay in effect: ${reason}`,
      );
    }
  }

  allows(action: PropertyAction, property: string, caller: Caller): boolean | Promise<boolean> {
    const section = this.#sectionOf(property.trim());
    return section !== undefined && section.permissions[action](caller);
  }

  #sectionOf(property: string): Section | undefined {
    if (this.#known.has(property)) return this.#known.get(property);
    const section = this.#sections.find(({ pattern }) => pattern.test(property));
    if (this.#known.size >= MAX_NAMES) this.#known.clear();
    if (property.length <= MAX_LENGTH) this.#known.set(property, section);
    return section;
  }

  /** Reads the file; returns whether its text changed. */
  #read(): boolean {
    this.#watch.see([this.#file]);
    const text = readText(this.#file);
    if (text === this.#text) return false;
    this.#text = text;
    this.#sections = this.#parse(text);
    this.#known.clear();
    return true;
  }
}

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    fail("config", `The property protection file ${file} cannot be read.`, { cause });
  }
}

function readSections(
  text: string,
  file: string,
  makePermission: (value: string, where: string) => Permission,
  log: PolicyLog,
): Section[] {
  const sections = [OWN];
  for (const { name, line, values } of parseProtectionFile(text, file)) {
    const where = `${file}:${line}: [${name}]`;
    if (name.startsWith(OWN_PREFIX)) {
      log.warn(`${where}: properties of the service cannot be protected, the section is ignored`);
      continue;
    }
    const pattern = pythonRegExp(name) ?? fail(
      "config",
      `${where} is not a regular expression, or may take unbounded time: avoid repeated groups`,
    );
    const permissions = PROPERTY_ACTIONS.map((action) => {
      if (values[action] === "") log.warn(`${where}: ${action} is empty and denies everyone`);
      return [action, makePermission(values[action], `${where}: ${action}`)] as const;
    });
    sections.push({ pattern, permissions: Object.fromEntries(permissions) as Section["permissions"] });
  }
  return sections;
}

/** A list of roles; those of the service token count too. `@` means everyone and `!` nobody, beside any other role. */
function rolesPermission(value: string, where: string): Permission {
  const roles = value.split(",").map((role) => role.trim().toLowerCase()).filter((role) => role !== "");
  if (roles.includes("@") && roles.includes("!")) fail("config", `${where} has both @ and !`);
  if (roles.includes("@")) return EVERYONE;
  if (roles.includes("!")) return NOBODY_AT_ALL;
  const wanted = new Set(roles);
  const holds = (role: string) => wanted.has(role.toLowerCase());
  return (caller) => caller.roles.some(holds) || caller.serviceRoles.some(holds);
}

/** One policy rule, on an empty target and without scope. */
function policyPermission(
  enforcer: Pick<PolicyEnforcer, "passes">,
  value: string,
  where: string,
): Permission {
  if (value.includes(",")) fail("config", `${where} has a comma: expected the name of one policy rule`);
  if (value === "@") return EVERYONE;
  if (value === "!" || value === "") return NOBODY_AT_ALL;
  return (caller) => enforcer.passes(value, caller, NO_TARGET);
}

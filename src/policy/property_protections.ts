/** Who may create, read, update and delete which custom properties of images (spec/policy.md §9). */
import type { Caller } from "../caller.ts";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import type { PolicyEnforcer, PolicyLog } from "./load.ts";
import { parseProtectionFile, PROPERTY_ACTIONS, type PropertyAction } from "./protection_file.ts";
import { pythonRegExp } from "./python_regexp.ts";
import { NO_TARGET } from "./targets.ts";

export type { PropertyAction } from "./protection_file.ts";

export interface PropertyProtections {
  /** False when there is no file: everything is allowed, and callers may skip asking. */
  readonly active: boolean;
  /** Whether the caller may do that with the custom property of that name; a promise only for `http:` checks. */
  allows(action: PropertyAction, property: string, caller: Caller): boolean | Promise<boolean>;
}

/** What an action of a section asks of a caller. */
type Permission = (caller: Caller) => boolean | Promise<boolean>;

interface Section {
  pattern: RegExp;
  permissions: Record<PropertyAction, Permission>;
}

const EVERYONE: Permission = () => true;
const NOBODY_AT_ALL: Permission = () => false;

/** The service's own properties: no section of the operator may touch them. */
const OWN_PREFIX = "os_glance";
const OWN: Section = {
  pattern: /os_glance.*/,
  permissions: { create: EVERYONE, read: EVERYONE, update: EVERYONE, delete: EVERYONE },
};

/** Without a file nothing is protected. */
const OFF: PropertyProtections = Object.freeze({ active: false, allows: () => true });

/**
 * Reads `property_protection_file`, once: changes need a restart.
 * @throws GlanceError `config`, with file and line, for whatever would make the protections doubtful.
 */
export async function loadPropertyProtections(
  config: Pick<Config, "get" | "findFile">,
  enforcer: Pick<PolicyEnforcer, "passes">,
  log?: PolicyLog,
): Promise<PropertyProtections> {
  const name = config.get("DEFAULT.property_protection_file");
  if (name === null) return OFF;
  const file = config.findFile(name);
  if (file === null) fail("config", `The property protection file ${name} was not found.`);
  const makePermission = config.get("DEFAULT.property_protection_rule_format") === "roles"
    ? rolesPermission
    : (value: string, where: string) => policyPermission(enforcer, value, where);
  return makeProtections(readSections(await readText(file), file, makePermission, log));
}

/** The first section that is found in the name decides; a property without one is nobody's. */
function makeProtections(sections: readonly Section[]): PropertyProtections {
  return {
    active: true,
    allows(action, property, caller) {
      const section = sections.find(({ pattern }) => pattern.test(property));
      return section !== undefined && section.permissions[action](caller);
    },
  };
}

async function readText(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    fail("config", `The property protection file ${file} cannot be read.`, { cause });
  }
}

function readSections(
  text: string,
  file: string,
  makePermission: (value: string, where: string) => Permission,
  log: PolicyLog | undefined,
): Section[] {
  const sections = [OWN];
  for (const { name, line, values } of parseProtectionFile(text, file)) {
    const where = `${file}:${line}: [${name}]`;
    if (name.startsWith(OWN_PREFIX)) {
      log?.warn(`${where}: properties of the service cannot be protected, the section is left out`);
      continue;
    }
    const pattern = pythonRegExp(name) ?? fail("config", `${where} is not a regular expression`);
    const permissions = PROPERTY_ACTIONS.map((action) => {
      if (values[action] === "") log?.warn(`${where}: ${action} is empty: nobody may`);
      return [action, makePermission(values[action], `${where}: ${action}`)] as const;
    });
    sections.push({ pattern, permissions: Object.fromEntries(permissions) as Section["permissions"] });
  }
  return sections;
}

/** A list of roles; those of the service token count too. `@` is everyone and `!` nobody, whatever stands beside. */
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

/**
 * The file of property protections (docs/reference/policy.md §9.2). Its dialect differs from that of the other configuration
 * files: keys are lower-cased, comments may be indented, sections and keys must not repeat.
 */
import { fail } from "../errors.ts";

export type PropertyAction = "create" | "read" | "update" | "delete";

export const PROPERTY_ACTIONS: readonly PropertyAction[] = ["create", "read", "update", "delete"];

/** A section: a pattern of names, and the permission of each action. */
interface ProtectionSection {
  /** A regular expression, found anywhere in the name. */
  name: string;
  line: number;
  values: Record<PropertyAction, string>;
}

interface OpenSection {
  name: string;
  line: number;
  values: Map<string, string>;
}

/**
 * Reads the sections in order. Sections take keys that they lack from the section `DEFAULT`.
 * @throws GlanceError `config` with `file:line`: malformed, a section or key twice, one of the four keys missing.
 */
export function parseProtectionFile(text: string, file: string): ProtectionSection[] {
  const sections = new Map<string, OpenSection>();
  const refuse = (line: number, reason: string): never => fail("config", `${file}:${line}: ${reason}`);
  let open: OpenSection | null = null;
  let key: string | null = null;

  for (const [index, raw] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    const line = index + 1;
    const stripped = raw.trim();
    if (stripped === "" || stripped.startsWith("#") || stripped.startsWith(";")) continue;
    if (/^\s/.test(raw) && open !== null && key !== null) {
      open.values.set(key, `${open.values.get(key)}\n${stripped}`);
      continue;
    }
    const header = /^\[(.+)\]/.exec(stripped);
    if (header !== null) {
      const name = header[1]!;
      if (sections.has(name)) {
        refuse(line, `the section [${name}] is already in line ${sections.get(name)!.line}`);
      }
      open = { name, line, values: new Map() };
      key = null;
      sections.set(name, open);
      continue;
    }
    const pair = /^([^=:]+)[=:](.*)$/.exec(stripped);
    if (pair === null) return refuse(line, "expected [section] or `key = value`");
    if (open === null) return refuse(line, "expected a [section] before the first key");
    key = pair[1]!.trim().toLowerCase();
    if (open.values.has(key)) refuse(line, `"${key}" is already in the section [${open.name}]`);
    open.values.set(key, pair[2]!.trim());
  }

  const common = sections.get("DEFAULT")?.values;
  sections.delete("DEFAULT");
  return [...sections.values()].map(({ name, line, values }) => {
    const four = PROPERTY_ACTIONS.map((action) => {
      const value = values.get(action) ?? common?.get(action);
      return [action, value ?? refuse(line, `the section [${name}] lacks "${action}"`)] as const;
    });
    return { name, line, values: Object.fromEntries(four) as Record<PropertyAction, string> };
  });
}

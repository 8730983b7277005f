/** The properties of an image beside what the catalogue says of them (docs/metadefs.md). */
import type { NamespaceDefinitions } from "../../db/metadef_records.ts";
import { problemOf } from "./check_value.ts";
import { isObject } from "./document.ts";

/** The type of resource that images are. */
export const IMAGE_TYPE = "OS::Glance::Image";

/** For images by its contents, although upstream associates it with nothing. */
export const IMAGE_NAMESPACES = ["OS::Glance::CommonImageProperties"];

interface Definition {
  namespace: string;
  object: string | null;
  schema: Record<string, unknown>;
}

export interface Problem {
  namespace: string;
  object: string | null;
  problem: string;
}

export interface Checked {
  /** Defined, and as defined by one namespace at least. */
  known: { name: string; namespaces: string[] }[];
  /** Defined nowhere. */
  unknown: string[];
  /** Defined, but as none of the definitions wants it. */
  broken: { name: string; value: string; problems: Problem[] }[];
}

/** Checks properties, given by name. Those that the service keeps for itself are left out. */
export function checkProperties(
  properties: Readonly<Record<string, string | null>>,
  namespaces: readonly NamespaceDefinitions[],
): Checked {
  const definitions = byName(namespaces);
  const checked: Checked = { known: [], unknown: [], broken: [] };
  for (const [name, stored] of Object.entries(properties).toSorted(([a], [b]) => a < b ? -1 : 1)) {
    if (name.startsWith("os_glance_")) continue;
    const value = stored ?? "";
    const found = definitions.get(name);
    if (!found) {
      checked.unknown.push(name);
      continue;
    }
    const problems = found.flatMap(({ namespace, object, schema }) => {
      const problem = problemOf(schema, value);
      return problem === null ? [] : [{ namespace, object, problem }];
    });
    if (problems.length === found.length) checked.broken.push({ name, value, problems });
    else {
      const broken = new Set(problems.map(({ namespace }) => namespace));
      const namespaces = found.map(({ namespace }) => namespace).filter((each) => !broken.has(each));
      checked.known.push({ name, namespaces: [...new Set(namespaces)] });
    }
  }
  return checked;
}

/** Every definition by the name that the property has on an image. */
function byName(namespaces: readonly NamespaceDefinitions[]): Map<string, Definition[]> {
  const all = new Map<string, Definition[]>();
  const add = (name: string, definition: Definition) => {
    const list = all.get(name);
    if (list) list.push(definition);
    else all.set(name, [definition]);
  };
  for (const { namespace, associations, properties, objects } of namespaces) {
    const prefix = associations.find(({ name }) => name === IMAGE_TYPE)?.prefix ?? "";
    for (const { name, schema } of properties) add(prefix + name, { namespace, object: null, schema });
    for (const { name: object, schema: inner } of objects) {
      for (const [name, schema] of Object.entries(inner)) {
        add(prefix + name, { namespace, object, schema: isObject(schema) ? schema : {} });
      }
    }
  }
  return all;
}

/** Compares the properties of an image with their definitions (docs/metadefs.md). */
import type { NamespaceDefinitions } from "../../db/metadef_records.ts";
import { problemOf } from "./check_value.ts";
import { isObject } from "./document.ts";

/** The resource type of images. */
export const IMAGE_TYPE = "OS::Glance::Image";

/** Defines image properties, although upstream does not associate it with a resource type. */
export const IMAGE_NAMESPACES = ["OS::Glance::CommonImageProperties"];

interface Definition {
  namespace: string;
  object: string | null;
  schema: Record<string, unknown>;
}

interface Problem {
  namespace: string;
  object: string | null;
  problem: string;
}

export interface Checked {
  /** Valid by at least one definition. */
  known: { name: string; namespaces: string[] }[];
  /** Not defined. */
  unknown: string[];
  /** Defined, but not valid by any definition. */
  broken: { name: string; value: string; problems: Problem[] }[];
}

/** Checks properties by name; ignores those that the service reserves. */
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

/** Maps property names, as images have them, to definitions. */
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

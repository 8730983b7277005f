/** How the catalogue we ship is written down: a namespace a constant, a property a line. */

/** A catalogue file's document (docs/reference/metadefs-api.md §11.1). */
interface CatalogueNamespace {
  namespace: string;
  display_name: string;
  description: string;
  visibility: "public";
  protected: boolean;
  resource_type_associations: { name: string; prefix?: string; properties_target?: string }[];
  properties: Record<string, Record<string, unknown>>;
  objects: { name: string; description: string; properties: Record<string, Record<string, unknown>> }[];
}

/** A property that holds text; with `values`, one of these. */
export function text(title: string, description: string, values?: readonly string[]) {
  return { title, description, type: "string", ...(values ? { enum: values } : {}) };
}

/** A property that holds one of `values`, or a choice of them where hosts are looked for. */
export function oneOf(title: string, description: string, values: readonly string[]) {
  return { ...text(title, description, values), operators: ["<or>"] };
}

/** A property that holds a list of `values`. */
export function several(title: string, description: string, values: readonly string[]) {
  return { title, description, type: "array", items: { type: "string", enum: values } };
}

/** A property that holds a whole number. */
export function whole(
  title: string,
  description: string,
  bounds: { minimum?: number; maximum?: number } = {},
) {
  return { title, description, type: "integer", ...bounds };
}

/** A property that is true or false. */
export function bool(title: string, description: string) {
  return { title, description, type: "boolean" };
}

export const IMAGE = "OS::Glance::Image";
export const FLAVOR = "OS::Nova::Flavor";
export const VOLUME = "OS::Cinder::Volume";

/** For images and flavors under the prefixes that Nova reads there, and for images that volumes carry along. */
export const HARDWARE = [
  { name: IMAGE, prefix: "hw_" },
  { name: VOLUME, prefix: "hw_", properties_target: "image" },
  { name: FLAVOR, prefix: "hw:" },
];

/** What a namespace is made of; what is not said has its default. */
export function namespace(
  name: string,
  display_name: string,
  description: string,
  parts: Partial<
    Pick<CatalogueNamespace, "resource_type_associations" | "properties" | "objects" | "protected">
  >,
): CatalogueNamespace {
  return {
    namespace: name,
    display_name,
    description,
    visibility: "public",
    protected: parts.protected ?? true,
    resource_type_associations: parts.resource_type_associations ?? [{ name: IMAGE }],
    properties: parts.properties ?? {},
    objects: parts.objects ?? [],
  };
}

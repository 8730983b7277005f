/** The restricted JSON schema that defines a property (docs/reference/metadefs-api.md §6.2, §6.3). */
import * as v from "valibot";
import { bool, list, object, oneOf, text } from "./document.ts";

const PROPERTY_TYPES = ["array", "boolean", "integer", "number", "object", "string"] as const;

const type = oneOf(...PROPERTY_TYPES);
const size = v.pipe(
  v.number("must be a whole number"),
  v.integer("must be a whole number"),
  v.minValue(0, "must not be negative"),
);
/** Bounds are stored as whole numbers. */
const bound = v.pipe(v.number("must be a number"), v.finite("must be a number"), v.transform(Math.trunc));

/** The schema of each key, in the order of responses. */
const KEYS = {
  type,
  title: text(),
  description: v.optional(text()),
  operators: v.optional(list(text())),
  default: v.optional(v.pipe(v.unknown(), v.transform(defaultText))),
  readonly: v.optional(bool),
  minimum: v.optional(bound),
  maximum: v.optional(bound),
  enum: v.optional(list(v.union([v.string(), v.null()], "must be a string or null"))),
  pattern: v.optional(text()),
  minLength: v.optional(size),
  maxLength: v.optional(size),
};
const LIST_KEYS = {
  items: v.optional(object({ type, enum: v.optional(list(text())) })),
  uniqueItems: v.optional(bool),
  minItems: v.optional(size),
  maxItems: v.optional(size),
  additionalItems: v.optional(bool),
};

/** A property that contains its name. */
export const NamedProperty = object({ name: text(80), ...KEYS, ...LIST_KEYS });

/** A property of an object, under its name. */
export const KeyedProperty = object({ name: v.optional(text(80)), ...KEYS, ...LIST_KEYS });

/** Also with `confidential`, which upstream allows when a namespace is created and an object changed. */
export const NestedProperty = object({
  name: v.optional(text(80)),
  ...KEYS,
  confidential: v.optional(bool),
  ...LIST_KEYS,
});

/** A property's definition; `name` only if it was sent. */
export type PropertyBody = v.InferOutput<typeof NestedProperty>;

const ANSWER_KEYS = ["name", ...Object.keys(KEYS), "confidential", ...Object.keys(LIST_KEYS)];

/** Returns `default` as it is stored: as text, in Python's spelling; null for lists and objects. */
function defaultText(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return null;
}

/** Returns the JSON of a stored definition; normalises those from catalogue files. */
export function propertyView(stored: unknown, name?: string): Record<string, unknown> {
  const body = typeof stored === "object" && stored !== null ? stored as Record<string, unknown> : {};
  const view: Record<string, unknown> = {};
  for (const key of ANSWER_KEYS) {
    const value = key === "name" ? name ?? body.name : body[key];
    if (key === "default" && value !== undefined) view.default = defaultText(value);
    else if (value === undefined || value === null) continue;
    else if ((key === "minimum" || key === "maximum") && typeof value === "number") {
      view[key] = Math.trunc(value);
    } else view[key] = value;
  }
  return view;
}

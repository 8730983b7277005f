/** Schemas for JSON documents of metadata definitions; messages name the place (docs/reference/metadefs-api.md §1.1). */
import * as v from "valibot";
import { fail } from "../errors.ts";
import { refuseBeyondBmp } from "../images/attributes.ts";

/** Text of at most `max` characters. */
export function text(max?: number) {
  const schema = v.string("must be a string");
  if (max === undefined) return schema;
  return v.pipe(schema, v.check((value) => [...value].length <= max, `must have at most ${max} characters`));
}

/** An object with these keys and no other. */
export function object<T extends v.ObjectEntries>(entries: T) {
  return v.strictObject(entries, (issue) => {
    if (issue.path === undefined || issue.path.length === 0) return "must be an object";
    const key = String(issue.path.at(-1)?.key);
    return issue.expected === "never"
      ? `additional properties are not allowed ('${key}' was unexpected)`
      : `'${key}' is a required property`;
  });
}

/** A list. */
export function list<T extends v.GenericSchema>(item: T) {
  return v.array(item, "must be a list");
}

/** A list of different texts. */
export const uniqueTexts = v.pipe(
  list(text()),
  v.check((values) => new Set(values).size === values.length, "must not contain the same text twice"),
);

/** True or false. */
export const bool = v.boolean("must be true or false");

/** One of some words. */
export function oneOf<const T extends readonly string[]>(...words: T) {
  return v.picklist(words, `must be one of ${words.join(", ")}`);
}

/**
 * An object of `item`s with any names, in their order. Valibot's own record would drop names such as `constructor`.
 */
export function map<T extends v.GenericSchema>(item: T) {
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, "must be an object"),
    v.rawTransform(({ dataset, addIssue, NEVER }): Record<string, v.InferOutput<T>> => {
      const entries: [string, v.InferOutput<T>][] = [];
      for (const [name, value] of Object.entries(dataset.value)) {
        const result = v.safeParse(item, value, { abortEarly: true });
        if (!result.success) {
          addIssue({ message: `'${name}': ${explain(result.issues[0])}` });
          return NEVER;
        }
        entries.push([name, result.output]);
      }
      return Object.fromEntries(entries);
    }),
  );
}

/** Checks and normalises a document. Errors: bad_request, naming `name` and the place. */
export function parseDocument<T extends v.GenericSchema>(
  schema: T,
  document: unknown,
  name: string,
): v.InferOutput<T> {
  const result = v.safeParse(schema, document, { abortEarly: true });
  if (result.success) return result.output;
  fail("bad_request", `Provided object does not match schema '${name}': ${explain(result.issues[0])}`);
}

/** Returns place and message of an issue in one line. */
function explain(issue: v.BaseIssue<unknown>): string {
  const missing = issue.type === "strict_object";
  const path = (issue.path ?? []).map((step) => String(step.key)).slice(0, missing ? -1 : undefined);
  return path.length > 0 ? `'${path.join("/")}': ${issue.message}` : issue.message;
}

/** Refuses keys that only the service sets; called before all other checks. Errors: forbidden. */
export function refuseReadOnly(document: unknown, keys: readonly string[]): void {
  if (!isObject(document)) return;
  const found = keys.find((key) => Object.hasOwn(document, key));
  if (found !== undefined) fail("forbidden", `Attribute '${found}' is read-only.`);
}

/**
 * Refuses characters that upstream's tables cannot store, in any value of the document; the error names its key.
 * Errors: bad_request.
 */
export function refuseBeyondBmpIn(value: unknown, field = "the body"): void {
  if (typeof value === "string") refuseBeyondBmp(field, value);
  else if (Array.isArray(value)) value.forEach((each) => refuseBeyondBmpIn(each, field));
  else if (isObject(value)) { for (const [key, each] of Object.entries(value)) refuseBeyondBmpIn(each, key); }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The right side of a check: fixed text with `%(key)s` taken from the target (docs/reference/policy.md §3.5). */
import type { PolicyTarget } from "./enforcer.ts";

/** Fixed strings and, between them, the keys to look up. */
export type Match = readonly (string | { readonly key: string })[];

/** Splits the text; null when a `%` is neither `%(key)s` nor `%%`. */
export function parseMatch(text: string): Match | null {
  const parts: (string | { key: string })[] = [];
  let fixed = "";
  for (const piece of text.match(/%\([^)]*\)s|%%|%|[^%]+/g) ?? []) {
    if (piece === "%") return null;
    if (piece === "%%") fixed += "%";
    else if (!piece.startsWith("%(")) fixed += piece;
    else {
      if (fixed !== "") parts.push(fixed);
      fixed = "";
      parts.push({ key: piece.slice(2, -2) });
    }
  }
  if (fixed !== "" || parts.length === 0) parts.push(fixed);
  return parts;
}

/**
 * The value of a key of the target; undefined when the target has no such key. Custom properties of an image are found
 * by their own names, after its attributes (docs/reference/policy.md §4).
 */
function lookUp(target: PolicyTarget, key: string): unknown {
  if (Object.hasOwn(target, key)) return target[key];
  const properties = target.extra_properties as Record<string, unknown> | undefined;
  return properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** Compiles a match to a function that returns its text for a target, or undefined when the target lacks a key. */
export function compileMatch(match: Match): (target: PolicyTarget) => string | undefined {
  const [first] = match;
  if (match.length === 1 && first !== undefined) {
    if (typeof first === "string") return () => first;
    const key = first.key;
    return (target) => {
      const value = lookUp(target, key);
      return typeof value === "string" ? value : value === undefined ? undefined : valueText(value);
    };
  }
  return (target) => {
    let text = "";
    for (const part of match) {
      if (typeof part === "string") text += part;
      else {
        const value = lookUp(target, part.key);
        if (value === undefined) return undefined;
        text += valueText(value);
      }
    }
    return text;
  };
}

/** A value as text: `None`, `True`, `False` for null and booleans, lists in brackets. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) {
    return `[${value.map((item) => typeof item === "string" ? `'${item}'` : valueText(item)).join(", ")}]`;
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

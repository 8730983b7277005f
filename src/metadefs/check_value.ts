/** Checks the value of a property against its definition (docs/metadefs.md). */
import { isObject } from "./document.ts";

type Definition = Record<string, unknown>;

const BOOLEANS = ["true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "y", "n"];

/** Returns what is wrong with the value, or null. An invalid definition allows everything. */
export function problemOf(definition: Definition, value: string): string | null {
  const { operators } = definition;
  if (Array.isArray(operators) && operators.some((operator) => value.startsWith(`${operator} `))) {
    return firstProblem(operands(value, operators as string[]), (each) => plainProblem(definition, each));
  }
  return plainProblem(definition, value);
}

/** Returns the operands of `<or> a <or> b` and `<in> a`. */
function operands(value: string, operators: readonly string[]): string[] {
  const words = value.split(" ");
  const parts: string[][] = [];
  for (const word of words) {
    if (operators.includes(word)) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.map((part) => part.join(" "));
}

function plainProblem(definition: Definition, value: string): string | null {
  switch (definition.type) {
    case "integer":
      if (!/^[+-]?\d+$/.test(value)) return "is not a whole number";
      return boundsProblem(definition, Number(value)) ?? enumProblem(definition.enum, value);
    case "number":
      if (value.trim() === "" || !Number.isFinite(Number(value))) return "is not a number";
      return boundsProblem(definition, Number(value)) ?? enumProblem(definition.enum, value);
    case "boolean":
      return BOOLEANS.includes(value.toLowerCase()) ? null : "is neither true nor false";
    case "array":
      return arrayProblem(definition, value);
    case "object":
      return objectProblem(value);
    default:
      return textProblem(definition, value) ?? enumProblem(definition.enum, value);
  }
}

function boundsProblem({ minimum, maximum }: Definition, value: number): string | null {
  if (typeof minimum === "number" && value < minimum) return `is below ${minimum}`;
  if (typeof maximum === "number" && value > maximum) return `is above ${maximum}`;
  return null;
}

function enumProblem(allowed: unknown, value: string): string | null {
  if (!Array.isArray(allowed) || allowed.length === 0 || allowed.map(String).includes(value)) return null;
  const shown = allowed.slice(0, 10).join(", ");
  return `is not one of ${shown}${allowed.length > 10 ? " …" : ""}`;
}

function textProblem({ minLength, maxLength, pattern }: Definition, value: string): string | null {
  const length = [...value].length;
  if (typeof minLength === "number" && length < minLength) return `is shorter than ${minLength} characters`;
  if (typeof maxLength === "number" && length > maxLength) return `is longer than ${maxLength} characters`;
  if (typeof pattern === "string" && !matches(pattern, value)) return `does not match ${pattern}`;
  return null;
}

/** Patterns are not anchored, as in JSON schema. An invalid pattern matches everything. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

/** Items are separated by commas, because properties of images are text. */
function arrayProblem({ items, minItems, maxItems, uniqueItems }: Definition, value: string): string | null {
  const list = value === "" ? [] : value.split(",").map((item) => item.trim());
  if (typeof minItems === "number" && list.length < minItems) return `has fewer than ${minItems} items`;
  if (typeof maxItems === "number" && list.length > maxItems) return `has more than ${maxItems} items`;
  if (uniqueItems === true && new Set(list).size < list.length) return "has the same item twice";
  return isObject(items) ? firstProblem(list, (item) => itemProblem(items, item)) : null;
}

function itemProblem(items: Definition, item: string): string | null {
  const problem = plainProblem(items, item);
  return problem === null ? null : `'${item}' ${problem}`;
}

function objectProblem(value: string): string | null {
  try {
    return isObject(JSON.parse(value)) ? null : "is not a JSON object";
  } catch {
    return "is not a JSON object";
  }
}

function firstProblem(values: readonly string[], check: (value: string) => string | null): string | null {
  for (const value of values) {
    const problem = check(value);
    if (problem !== null) return problem;
  }
  return null;
}

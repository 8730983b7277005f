/** Python's regular expressions, from files written for upstream, matched in bounded time. */
import { RE2JS } from "re2js";

/** An expression that matches anywhere in a text. */
export interface Pattern {
  test(text: string): boolean;
}

/** The longest name of a property that the database keeps; `bounded` refuses longer texts. */
const MAX_LENGTH = 255;

/**
 * The same expression, or null when it is malformed or may take unbounded time. RE2 matches most expressions, in time
 * linear in the text. Expressions with lookarounds or back-references, which RE2 lacks, are matched by JavaScript in
 * texts of at most 255 characters, unless they repeat a group or have more than two unbounded parts.
 */
export function pythonRegExp(source: string): Pattern | null {
  const [start, letters] = /^\(\?([aimsux]+)\)/.exec(source) ?? ["", ""];
  if (letters!.includes("x")) return null;
  // Both engines behave as with `a` and `u`, or near enough for names of properties.
  const flags = ["i", "m", "s"].filter((flag) => letters!.includes(flag)).join("");
  const body = source.slice(start.length);
  return linear(body, flags) ?? bounded(body, flags);
}

function linear(body: string, flags: string): Pattern | null {
  const text = body.replace(/\\[^]/g, (escape) => escape === "\\Z" ? "\\z" : escape);
  try {
    return RE2JS.compile(flags === "" ? text : `(?${flags})${text}`);
  } catch {
    return null;
  }
}

function bounded(body: string, flags: string): Pattern | null {
  const text = body.replace(/\\[^]|\(\?P<|\(\?P=(\w+)\)/g, (found, name: string | undefined) => {
    if (found === "\\A") return "^";
    if (found === "\\Z") return "$";
    if (found === "(?P<") return "(?<";
    return name === undefined ? found : `\\k<${name}>`;
  });
  // JavaScript reads a bracket at the start of a class differently, so the count below would be wrong.
  if (/\[\^?\]/.test(text)) return null;
  // Counts repetitions without escapes, classes, and the `?` that makes a repetition lazy or a group special.
  const bare = text.replace(/\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\]/g, "x").replaceAll("(?", "(");
  if (/\)[*+{]/.test(bare) || (bare.match(/[*+{]/g)?.length ?? 0) > 2) return null;
  try {
    const expression = new RegExp(text, flags);
    return { test: (name) => name.length <= MAX_LENGTH && expression.test(name) };
  } catch {
    return null;
  }
}

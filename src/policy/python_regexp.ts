/** Python's regular expressions, as operators write them in files made for upstream; matched in bounded time. */
import { RE2JS } from "re2js";

/** An expression that is looked for anywhere in a text. */
export interface Pattern {
  test(text: string): boolean;
}

/** Longer names of properties cannot be kept, so that a pattern of the second kind need not look at them. */
const MAX_LENGTH = 255;

/**
 * The same expression, or null when it is none, or none that is known to end in time. Most are matched by RE2, whose
 * time grows with the text alone. Lookarounds and back-references, which RE2 does not have, are matched by JavaScript,
 * in texts of at most 255 characters, unless a group is repeated or more than two parts have no end.
 */
export function pythonRegExp(source: string): Pattern | null {
  const [start, letters] = /^\(\?([aimsux]+)\)/.exec(source) ?? ["", ""];
  if (letters!.includes("x")) return null;
  // `a` and `u` are what both engines do anyway, or near enough for names of properties.
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
  // JavaScript reads a bracket at the start of a class otherwise, and so would find another class than is counted here.
  if (/\[\^?\]/.test(text)) return null;
  // Without escapes, classes and the `?` that make a repetition lazy or a group special, what is left is counted.
  const bare = text.replace(/\\[^]|\[\^?\]?(?:\\[^]|[^\]\\])*\]/g, "x").replaceAll("(?", "(");
  if (/\)[*+{]/.test(bare) || (bare.match(/[*+{]/g)?.length ?? 0) > 2) return null;
  try {
    const expression = new RegExp(text, flags);
    return { test: (name) => name.length <= MAX_LENGTH && expression.test(name) };
  } catch {
    return null;
  }
}

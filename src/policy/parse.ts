/** Parses the policy expression language (docs/reference/policy.md §3). */
import { type Match, parseMatch } from "./match.ts";

/** A rule as a tree. `text` is the check as the operator wrote it. */
export type Node =
  | { kind: "always"; text: string }
  | { kind: "never"; text: string }
  | { kind: "and"; of: Node[] }
  | { kind: "or"; of: Node[] }
  | { kind: "not"; of: Node }
  | { kind: "rule"; text: string; name: string }
  | { kind: "role"; text: string; match: Match }
  | { kind: "http"; text: string; url: Match }
  | { kind: "literal"; text: string; value: string; match: Match }
  | { kind: "attribute"; text: string; path: string[]; match: Match }
  /** A malformed check. It denies, also below a `not`. */
  | { kind: "broken"; text: string; reason: string };

/** The old form of a rule: an outer OR of inner ANDs; a bare string is an inner list of one. */
export type ListRule = (string | string[])[];

/** Parses the value of a rule. Never throws: a malformed value gives a `broken` tree, which denies. */
export function parseRule(value: string | ListRule | null): Node {
  if (value === null || value.length === 0) return { kind: "always", text: "" };
  return typeof value === "string" ? parseText(value) : parseList(value);
}

function parseList(rule: ListRule): Node {
  const inner = rule.map((item) => typeof item === "string" ? [item] : item).filter((item) =>
    item.length > 0
  );
  if (inner.length === 0) return { kind: "never", text: "[[]]" };
  return join("or", inner.map((checks) => join("and", checks.map(parseCheck))));
}

/** One check, without keywords and parentheses. */
function parseCheck(text: string): Node {
  if (text === "@") return { kind: "always", text };
  if (text === "!") return { kind: "never", text };
  const colon = text.indexOf(":");
  if (colon < 0) return { kind: "broken", text, reason: `"${text}" is not a check: it has no ":"` };
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (kind === "rule") return { kind, text, name: rest };
  const isUrl = kind === "http" || kind === "https";
  const match = parseMatch(isUrl ? text : rest);
  if (match === null) return { kind: "broken", text, reason: `"${text}" has a "%" that is not "%(key)s"` };
  if (isUrl) return { kind: "http", text, url: match };
  if (kind === "role") return { kind, text, match };
  const value = literalText(kind);
  if (value !== null) return { kind: "literal", text, value, match };
  if (/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(kind)) {
    return { kind: "attribute", text, path: kind.split("."), match };
  }
  return { kind: "broken", text, reason: `"${kind}" is neither a literal nor a name` };
}

type Token = { kind: "(" | ")" | "and" | "or" | "not" } | { kind: "check"; node: Node } | {
  kind: "string";
  text: string;
};

/** Parentheses may touch a check on both sides; everything else is separated by white space. */
function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const open = word.length - word.replace(/^\(+/, "").length;
    for (let i = 0; i < open; i++) tokens.push({ kind: "(" });
    const body = word.slice(open).replace(/\)+$/, "");
    const close = word.length - open - body.length;
    if (body !== "") tokens.push(wordToken(body));
    for (let i = 0; i < close; i++) tokens.push({ kind: ")" });
  }
  return tokens;
}

function wordToken(word: string): Token {
  const keyword = word.toLowerCase();
  if (keyword === "and" || keyword === "or" || keyword === "not") return { kind: keyword };
  if (/^(?:"[^]*"|'[^]*')$/.test(word)) return { kind: "string", text: word };
  return { kind: "check", node: parseCheck(word) };
}

/** Why a text is not a rule; `parseText` catches it. */
class Unparsable extends Error {}

function parseText(text: string): Node {
  try {
    const tokens = tokenize(text);
    const [node, end] = parseOr(tokens, 0);
    if (end < tokens.length) throw new Unparsable(`unexpected ${show(tokens[end])}`);
    return node;
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    return { kind: "broken", text, reason: error.message };
  }
}

/** Each parse function takes the tokens and a position, and returns a tree and the position after it. */
type Parsed = [node: Node, end: number];

function parseOr(tokens: Token[], start: number): Parsed {
  return parseChain("or", parseAnd, tokens, start);
}

function parseAnd(tokens: Token[], start: number): Parsed {
  return parseChain("and", parseNot, tokens, start);
}

function parseChain(
  word: "and" | "or",
  parsePart: (tokens: Token[], start: number) => Parsed,
  tokens: Token[],
  start: number,
): Parsed {
  let [node, end] = parsePart(tokens, start);
  const of = [node];
  while (tokens[end]?.kind === word) {
    [node, end] = parsePart(tokens, end + 1);
    of.push(node);
  }
  return [join(word, of), end];
}

function parseNot(tokens: Token[], start: number): Parsed {
  const token = tokens[start];
  if (token?.kind === "check") return [token.node, start + 1];
  if (token?.kind === "not") {
    const [of, end] = parseNot(tokens, start + 1);
    return [{ kind: "not", of }, end];
  }
  if (token?.kind === "(") {
    const [node, end] = parseOr(tokens, start + 1);
    if (tokens[end]?.kind !== ")") throw new Unparsable(`expected ")" before ${show(tokens[end])}`);
    return [node, end + 1];
  }
  throw new Unparsable(`expected a check, "not" or "(" before ${show(token)}`);
}

function join(kind: "and" | "or", of: Node[]): Node {
  return of.length === 1 ? of[0]! : { kind, of };
}

function show(token: Token | undefined): string {
  if (token === undefined) return "the end";
  if (token.kind === "string") return token.text;
  if (token.kind === "check") return "text" in token.node ? `"${token.node.text}"` : "a check";
  return `"${token.kind}"`;
}

/** The literal as Python prints it (`0x10` is `16`, `1.` is `1.0`), or null when `source` is not a literal. */
export function literalText(source: string): string | null {
  if (source === "True" || source === "False" || source === "None") return source;
  return quotedText(source) ?? integerText(source) ?? floatText(source);
}

function quotedText(source: string): string | null {
  const found = /^[uU]?(['"])((?:\\[\\'"]|(?!\1)[^\\])*)\1$/.exec(source);
  return found === null ? null : found[2]!.replace(/\\(.)/g, "$1");
}

function integerText(source: string): string | null {
  const found = /^([+-]?)(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0+|[1-9](?:_?\d)*)$/.exec(source);
  if (found === null) return null;
  const value = BigInt(found[2]!.replaceAll("_", ""));
  return String(found[1] === "-" ? -value : value);
}

/** As Python prints a float: at least one decimal, an exponent of two digits from 1e16 and below 1e-4. */
function floatText(source: string): string | null {
  if (!/^[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?$/.test(source)) return null;
  const value = Number(source);
  if (!Number.isFinite(value)) return source.startsWith("-") ? "-inf" : "inf";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

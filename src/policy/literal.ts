/** Python literals on the left side of a check: `'public':…`, `0:…`, `True:…` (docs/reference/policy.md §3.2). */

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

/** Python's regular expressions, as operators write them in files made for upstream. */

/**
 * The same expression for JavaScript, or null when it is none. Knows named groups, flags at the start (but `x`),
 * `\A` and `\Z`.
 */
export function pythonRegExp(source: string): RegExp | null {
  const [start, letters] = /^\(\?([aimsux]+)\)/.exec(source) ?? ["", ""];
  if (letters!.includes("x")) return null;
  const body = source.slice(start.length).replace(
    /\\[^]|\(\?P<|\(\?P=(\w+)\)/g,
    (found, name: string | undefined) => {
      if (found === "\\A") return "^";
      if (found === "\\Z") return "$";
      if (found === "(?P<") return "(?<";
      return name === undefined ? found : `\\k<${name}>`;
    },
  );
  // `a` and `u` are what JavaScript does anyway, or near enough for names of properties.
  const flags = ["i", "m", "s"].filter((flag) => letters!.includes(flag)).join("");
  try {
    return new RegExp(body, flags);
  } catch {
    return null;
  }
}

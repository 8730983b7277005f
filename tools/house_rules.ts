/** Checks the house rules besides layers: names, sizes, exports, and no paths of one machine. */
import { type Breach, withoutComment } from "./layers.ts";
import type { Tree } from "./tree.ts";

const MAX_LINES = 400;
const SNAKE = /^([a-z0-9]+(_[a-z0-9]+)*)(\.(test|d))?\.(ts|sh|py)$/;
const SNAKE_FOLDER = /^\.?[a-z0-9]+([_.][a-z0-9]+)*$/;
const CODE = /\.(ts|sh|py)$/;

// Written in pieces, else these lines would break the rule.
const FOREIGN: readonly [pattern: RegExp, what: string][] = [
  [/(?<![\w$}.])\/(?:wor[k]|roo[t]|hom[e])\//, "a path of one machine"],
  [/\.\.\/share[d]\//, "a path outside the repository"],
  [/\b(registry\.npm[j]s|pypi\.or[g]|deb\.debia[n]|jsr\.i[o])\b/, "the name of a registry's host"],
];

/**
 * The packages that only some configurations need, and that would cost every start a sixth of its time. The compiled
 * binary finds one by this very text, because tools/compile.ts leaves it outside the bundle.
 */
const LATE: readonly [path: string, text: string][] = [
  ["db/engines/mariadb_session.ts", ["imp", 'ort("mysql2")'].join("")],
];

function checkName(path: string): Breach[] {
  if (!CODE.test(path)) return [];
  const parts = path.split("/");
  const right = SNAKE.test(parts.at(-1) ?? "") && parts.slice(0, -1).every((part) => SNAKE_FOLDER.test(part));
  return right ? [] : [{ path, line: 1, message: "names are snake_case" }];
}

function checkSize(path: string, text: string): Breach[] {
  if (!CODE.test(path) || path.startsWith("db/migrations/")) return [];
  const lines = text.split("\n").length - 1;
  return lines > MAX_LINES
    ? [{ path, line: MAX_LINES, message: `${lines} lines; split it, ${MAX_LINES} is the most` }]
    : [];
}

function checkModule(path: string, text: string): Breach[] {
  if (!path.endsWith(".ts")) return [];
  return text.split("\n").flatMap((raw, index) => {
    const line = withoutComment(raw);
    // Deno loads a lint plugin only by its default export.
    if (path !== "tools/lint_plugin.ts" && /^export\s+(default\b|\{[^}]*\bas default\b)/.test(line)) {
      return [{ path, line: index + 1, message: "no default exports" }];
    }
    if (/^export \*/.test(line)) return [{ path, line: index + 1, message: "no barrels" }];
    // Within quotes it is text (for example in a test of this rule), not a call.
    const late = LATE.find(([where, text]) => where === path && line.includes(text));
    if (!late && /(?<!["'`\w.])import\(/.test(line)) {
      return [{ path, line: index + 1, message: "no dynamic import: the compiled binary cannot resolve it" }];
    }
    return [];
  });
}

function checkForeign(path: string, text: string): Breach[] {
  return text.split("\n").flatMap((line, index) =>
    FOREIGN.filter(([pattern]) => pattern.test(line))
      .map(([, what]) => ({ path, line: index + 1, message: `${what} does not belong in the repository` }))
  );
}

const PROGRAM = /^(?:(?:src|db|openapi)\/.*|[^/]+)\.ts$/;
const EXPORTED = /^export (?:async )?(?:function\*?|const|class|interface|type|enum) (\w+)/;

/** A name that only its own file mentions needs no `export`. */
function checkExports(tree: Tree): Breach[] {
  const files = new Map<string, number>();
  for (const [path, text] of tree) {
    if (!path.endsWith(".ts")) continue;
    for (const word of new Set(text.match(/\b\w+\b/g))) files.set(word, (files.get(word) ?? 0) + 1);
  }
  return [...tree].filter(([path]) => PROGRAM.test(path)).flatMap(([path, text]) =>
    text.split("\n").flatMap((line, index) => {
      const name = EXPORTED.exec(line)?.[1];
      if (name === undefined || files.get(name) !== 1) return [];
      return [{ path, line: index + 1, message: `only this file mentions ${name}; it needs no export` }];
    })
  );
}

/** Returns every breach of the house rules in a tree, in order of path, then of exports. */
export function checkHouseRules(tree: Tree): Breach[] {
  const breaches = [...tree].flatMap(([path, text]) => [
    ...checkName(path),
    ...checkSize(path, text),
    ...checkModule(path, text),
    ...checkForeign(path, text),
  ]);
  return [...breaches, ...checkExports(tree)];
}

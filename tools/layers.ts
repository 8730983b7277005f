/** Checks the layers: which folder may import which, and where SQL and Hono may be. */
import { imports, packageOf, resolveImport } from "./imports.ts";
import { sources, type Tree } from "./tree.ts";

/** One breach of a rule. */
export interface Breach {
  path: string;
  line: number;
  message: string;
}

type Layer =
  | "main"
  | "cli"
  | "app"
  | "http"
  | "domain"
  | "openapi"
  | "db"
  | "stores"
  | "formats"
  | "net"
  | "wire"
  | "base"
  | "free";

const BASE_FILES = new Set(["src/errors.ts", "src/caller.ts", "workers.ts"]);
const NAMED: readonly [prefix: string, layer: Layer][] = [
  ["openapi/", "openapi"],
  ["db/", "db"],
  ["src/cli/", "cli"],
  ["src/http/", "http"],
  ["src/stores/", "stores"],
  ["src/formats/", "formats"],
  ["src/net/", "net"],
  ["src/wire/", "wire"],
  ["src/config/", "base"],
  ["src/observe/", "base"],
  ["src/util/", "base"],
  ["src/", "domain"],
];

/** What each layer may import, besides `base` and itself. `openapi` and `base` import no other layer. */
const ALLOWED: Record<Layer, readonly Layer[]> = {
  main: ["cli", "app", "http", "domain", "openapi", "db", "stores", "formats", "net"],
  cli: ["app", "http", "domain", "openapi", "db", "stores", "formats", "net"],
  app: ["http", "domain", "openapi", "db", "stores", "formats", "net", "wire"],
  http: ["domain", "openapi", "db", "stores", "formats", "net"],
  domain: ["db", "stores", "formats", "net"],
  stores: ["net"],
  formats: [],
  db: [],
  net: [],
  wire: [],
  openapi: [],
  base: [],
  free: [],
};

/** Packages that only some places may import, and these places. */
const FENCED: readonly [packages: RegExp, places: RegExp, where: string][] = [
  [/^(libsql|@libsql\/.*|node:sqlite|mysql2)$/, /^db\//, "db/"],
  [/^drizzle-orm$/, /^tests\//, "tests/"],
  [/^(hono|@hono\/.*)$/, /^(src\/http\/|src\/app\.ts$|openapi\/)/, "src/http, src/app.ts and openapi/"],
  [/^zod$/, /^(src\/http\/|openapi\/)/, "src/http and openapi/"],
];

const SQL =
  /\b(SELECT\s[^;]*\sFROM\s|SELECT 1\b|INSERT (OR \w+ )?INTO\s|UPDATE\s\w+\sSET\s|DELETE FROM\s|CREATE (TABLE|INDEX)\s|BEGIN IMMEDIATE|PRAGMA\s)/;

function layerOf(path: string): Layer {
  if (path === "main.ts") return "main";
  if (path === "src/app.ts" || path === "src/server.ts") return "app";
  if (BASE_FILES.has(path)) return "base";
  return NAMED.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "free";
}

function mayImport(from: Layer, to: Layer): boolean {
  if (from === to || from === "free") return true;
  if (to === "free") return false;
  return (to === "base" && from !== "openapi") || ALLOWED[from].includes(to);
}

function checkImports(path: string, text: string): Breach[] {
  const from = layerOf(path);
  const found: Breach[] = [];
  for (const { specifier, line } of imports(text)) {
    const target = resolveImport(path, specifier);
    if (target !== null) {
      // The version of the program is written once, in deno.json.
      if (target === "deno.json" && path === "src/util/version.ts") continue;
      const to = layerOf(target);
      if (!mayImport(from, to)) {
        found.push({ path, line, message: `${from} must not import ${to} (${target})` });
      }
      continue;
    }
    if (/^(https?|jsr):/.test(specifier)) {
      found.push({ path, line, message: `packages come from npm, not from ${specifier}` });
    }
    const name = packageOf(specifier);
    for (const [packages, places, where] of FENCED) {
      if (!path.startsWith("tests/") && packages.test(name) && !places.test(path)) {
        found.push({ path, line, message: `${name} may be imported only under ${where}` });
      }
    }
  }
  return found;
}

/** Returns the line without its comment: a whole comment line, or ` // …` at the end. */
export function withoutComment(line: string): string {
  return /^\s*(\/\/|\/?\*)/.test(line) ? "" : line.replace(/\s\/\/ .*$/, "");
}

function checkSql(path: string, text: string): Breach[] {
  if (path.startsWith("db/") || layerOf(path) === "free") return [];
  return text.split("\n").flatMap((line, index) =>
    SQL.test(withoutComment(line)) ? [{ path, line: index + 1, message: "SQL belongs under db/" }] : []
  );
}

/** Returns the folder directly below src/ that holds a file; null for files of src/ itself and all others. */
function folderOf(path: string): string | null {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

/** Finds import cycles between folders of src/: a reader would need all of them to understand one. */
function checkCycles(tree: Tree): Breach[] {
  const steps = sources(tree).flatMap((path) =>
    imports(tree.get(path) ?? "").flatMap(({ specifier, line }) => {
      const target = resolveImport(path, specifier);
      const [from, to] = [folderOf(path), target === null ? null : folderOf(target)];
      return from === null || to === null || from === to ? [] : [{ path, line, from, to }];
    })
  );
  const next = new Map<string, Set<string>>();
  for (const { from, to } of steps) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reached = new Map([...next.keys()].map((from) => [from, reach(next, from)]));
  return steps.filter(({ from, to }) => reached.get(to)?.has(from)).map(({ path, line, from, to }) => ({
    path,
    line,
    message: `src/${from} must not import src/${to}, which needs src/${from}`,
  }));
}

/** Returns the folders that a folder reaches by imports. */
function reach(next: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const seen = new Set<string>();
  const left = [from];
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    for (const to of next.get(each) ?? []) {
      if (!seen.has(to)) left.push(to);
      seen.add(to);
    }
  }
  return seen;
}

/** Returns every breach of the layers in a tree, in order of path and line; then cycles between folders. */
export function checkLayers(tree: Tree): Breach[] {
  const found = sources(tree).flatMap((path) => {
    const text = tree.get(path) ?? "";
    return [...checkImports(path, text), ...checkSql(path, text)].sort((a, b) => a.line - b.line);
  });
  return [...found, ...checkCycles(tree)];
}

/**
 * `deno task check`: all checks of the sources that do not run them. Stops at the first failed kind of check, with exit
 * code 1.
 */
import { checkDocRefs } from "./doc_refs.ts";
import { checkHouseRules } from "./house_rules.ts";
import { type Breach, checkLayers } from "./layers.ts";
import { deno } from "./run.ts";
import { readTree, sources, type Tree } from "./tree.ts";

interface Kind {
  name: string;
  holds(tree: Tree): Promise<boolean> | boolean;
}

async function passes(args: readonly string[]): Promise<boolean> {
  return (await deno(args)).code === 0;
}

function report(found: readonly Breach[]): boolean {
  for (const { path, line, message } of found) console.error(`${path}:${line}: ${message}`);
  return found.length === 0;
}

/** The programs that generate parts of the documentation; with `--check` they only compare. */
function generators(tree: Tree): string[] {
  return [...tree.keys()].filter((path) => path === "tools/openapi.ts" || /^tools\/\w+_docs\.ts$/.test(path));
}

async function generatedIsCurrent(tree: Tree): Promise<boolean> {
  let right = true;
  for (const path of generators(tree)) {
    if (!(await passes(["run", "-A", path, "--check"]))) {
      console.error(`${path} --check: what it generates has changed; run it without --check and commit`);
      right = false;
    }
  }
  return right;
}

const KINDS: readonly Kind[] = [
  { name: "lock file", holds: (tree) => passes(["cache", "--quiet", "--frozen", ...sources(tree)]) },
  { name: "format", holds: () => passes(["fmt", "--check"]) },
  { name: "lint", holds: () => passes(["lint", "--quiet"]) },
  { name: "types", holds: (tree) => passes(["check", "--quiet", ...sources(tree)]) },
  { name: "layers", holds: (tree) => report(checkLayers(tree)) },
  { name: "house rules", holds: (tree) => report(checkHouseRules(tree)) },
  { name: "references to documents", holds: (tree) => report(checkDocRefs(tree)) },
  { name: "generated files", holds: generatedIsCurrent },
  { name: "ledger", holds: () => passes(["run", "-A", "tools/ledger.ts"]) },
];

const root = new URL("..", import.meta.url).pathname;
Deno.chdir(root);
const tree = await readTree(root.replace(/\/$/, ""));
for (const { name, holds } of KINDS) {
  const started = performance.now();
  const right = await holds(tree);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${right ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (!right) Deno.exit(1);
}
console.log(`check: ${KINDS.length} kinds hold for ${sources(tree).length} sources`);

/** References between rules (docs/reference/policy.md §2, §3.2). */
import type { Node } from "./parse.ts";

/** The names after `rule:` in a tree. */
export function referencedRules(node: Node): string[] {
  if (node.kind === "rule") return [node.name];
  if (node.kind === "and" || node.kind === "or") return node.of.flatMap(referencedRules);
  return node.kind === "not" ? referencedRules(node.of) : [];
}

/** The names of the rules that can reach themselves through references. */
export function findCycles(
  rules: ReadonlyMap<string, { name: string; tree: Node }>,
  find: (name: string) => { name: string } | undefined,
): Set<string> {
  const next = new Map<string, string[]>();
  for (const [name, rule] of rules) {
    next.set(name, referencedRules(rule.tree).flatMap((reference) => find(reference)?.name ?? []));
  }
  return new Set([...rules.keys()].filter((name) => reaches(next, name)));
}

function reaches(next: ReadonlyMap<string, readonly string[]>, start: string): boolean {
  const seen = new Set<string>();
  const open = [...next.get(start) ?? []];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === start) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...next.get(name) ?? []);
  }
  return false;
}

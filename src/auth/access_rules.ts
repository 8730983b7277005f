/** Access rules of application credentials (docs/reference/auth-and-middleware.md §1.6). */
import type { AccessRule } from "./keystone_answers.ts";

/**
 * Whether one rule allows the request: method and service must be equal; in the path `*` and `{name}` match one or
 * more characters except `/`, and `**` matches anything.
 */
export function allowedByRules(
  rules: readonly AccessRule[],
  request: { method: string; path: string },
  serviceType: string,
): boolean {
  const path = request.path.replace(/[?#].*$/s, "");
  return rules.some((rule) =>
    rule.service === serviceType && rule.method === request.method && matchesPath(rule.path, path)
  );
}

/** `any`: `**`, may be empty. `part`: `*` and `{name}`. Otherwise one character. */
type Piece = { kind: "any" } | { kind: "part" } | { kind: "one"; text: string };

function pieces(pattern: string): Piece[] {
  return (pattern.match(/\*\*|\*|\{[^{}/]*\}|[\s\S]/g) ?? []).map((text): Piece => {
    if (text === "**") return { kind: "any" };
    if (text === "*" || text.length > 1) return { kind: "part" };
    return { kind: "one", text };
  });
}

/**
 * Whether a path matches the pattern of a rule. Follows all ways to match side by side: users write the rules, and a
 * regular expression made from one could take for ever.
 */
export function matchesPath(pattern: string, path: string): boolean {
  const parts = pieces(pattern);
  let states = new Set<number>();
  const enter = (at: number, into: Set<number>) => {
    into.add(at);
    if (parts[at]?.kind === "any") enter(at + 1, into);
  };
  enter(0, states);
  for (const character of path) {
    const next = new Set<number>();
    for (const at of states) {
      const piece = parts[at];
      if (piece === undefined) continue;
      if (piece.kind === "any") enter(at, next);
      else if (piece.kind === "one" && piece.text === character) enter(at + 1, next);
      else if (piece.kind === "part" && character !== "/") {
        next.add(at);
        enter(at + 1, next);
      }
    }
    states = next;
  }
  return states.has(parts.length);
}

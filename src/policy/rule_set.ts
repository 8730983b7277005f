/** A compiled set of rules, and the references between them (docs/reference/policy.md §2, §3.2). */
import { didYouMean } from "../util/near.ts";
import { DEFAULT_RULES, type DefaultRule } from "./defaults.ts";
import { type AskServer, type Check, compile } from "./evaluate.ts";
import { type ListRule, type Node, parseRule } from "./parse.ts";

/** The names after `rule:` in a tree. */
function referencedRules(node: Node): string[] {
  if (node.kind === "rule") return [node.name];
  if (node.kind === "and" || node.kind === "or") return node.of.flatMap(referencedRules);
  return node.kind === "not" ? referencedRules(node.of) : [];
}

/** The names of the rules that can reach themselves through references. */
function findCycles(
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

/** The place of a rule in a policy file. `line` counts from 1. */
export interface Origin {
  file: string;
  line: number;
}

/** A rule of a policy file. */
export interface Override {
  value: string | ListRule | null;
  origin: Origin;
}

/** A rule in effect. */
export interface Rule {
  name: string;
  /** As the operator or the table of defaults wrote it. */
  expression: string;
  tree: Node;
  /** Null for a default. */
  origin: Origin | null;
  scope: "project" | null;
  /** Part of a cycle of `rule:` references; such a rule denies. */
  cyclic: boolean;
}

interface RuleSetOptions {
  /** The rule used for undefined names. */
  defaultRule: string;
  /** False: rules without override also allow what their deprecated default allows. */
  enforceNewDefaults: boolean;
  /** Property protections may use rules of a file that no other rule refers to. */
  usedByProtections: boolean;
  ask: AskServer;
}

/** An immutable set of rules, compiled. */
export interface RuleSet {
  rules: ReadonlyMap<string, Rule>;
  /** The rule of that name, or the default rule; undefined when there is neither. */
  find(name: string): Rule | undefined;
  /** The compiled check of what `find` finds; denies when there is nothing. */
  check(name: string): Check;
  /** The check of a part of a rule. */
  compile(node: Node): Check;
  /** For the operator: broken rules, undefined references, cycles, overrides equal to the default. */
  warnings: readonly string[];
}

/** Puts the overrides over the defaults and compiles all. Never throws: a wrong rule denies and is in `warnings`. */
export function buildRuleSet(overrides: ReadonlyMap<string, Override>, options: RuleSetOptions): RuleSet {
  const rules = new Map<string, Rule>();
  for (const rule of DEFAULT_RULES) rules.set(rule.name, fromDefault(rule, options.enforceNewDefaults));
  for (const [name, override] of overrides) {
    const scope = rules.get(name)?.scope ?? null;
    rules.set(name, fromOverride(name, override, scope));
  }
  const find = (name: string) => rules.get(name) ?? rules.get(options.defaultRule);
  for (const name of findCycles(rules, find)) rules.get(name)!.cyclic = true;
  const check = compiler(find, options.ask);
  for (const name of rules.keys()) check(name, false);
  return {
    rules,
    find,
    check: (name) => check(name, false),
    compile: (node) => compile(node, false, { rule: check, ask: options.ask }),
    warnings: [...warningsOf(rules, find), ...idleWarnings(rules, options)],
  };
}

function fromDefault(rule: DefaultRule, enforceNewDefaults: boolean): Rule {
  const { name, scope, deprecated } = rule;
  const tree = parseRule(rule.expression);
  if (enforceNewDefaults || deprecated === undefined) {
    return { name, expression: rule.expression, tree, origin: null, scope, cyclic: false };
  }
  const expression = `(${rule.expression || "@"}) or ${deprecated.expression}`;
  const either: Node = { kind: "or", of: [tree, parseRule(deprecated.expression)] };
  return { name, expression, tree: either, origin: null, scope, cyclic: false };
}

function fromOverride(name: string, override: Override, scope: "project" | null): Rule {
  const { value, origin } = override;
  const expression = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  return { name, expression, tree: parseRule(value), origin, scope, cyclic: false };
}

/** Compiles each rule once for either side of a `not`, on first use. */
function compiler(find: RuleSet["find"], ask: AskServer): (name: string, negated: boolean) => Check {
  const compiled = { plain: new Map<string, Check>(), negated: new Map<string, Check>() };
  function check(name: string, negated: boolean): Check {
    const rule = find(name);
    if (rule === undefined || rule.cyclic) return () => negated;
    const known = negated ? compiled.negated : compiled.plain;
    let made = known.get(rule.name);
    if (made === undefined) known.set(rule.name, made = compile(rule.tree, negated, { rule: check, ask }));
    return made;
  }
  return check;
}

function warningsOf(rules: ReadonlyMap<string, Rule>, find: RuleSet["find"]): string[] {
  const warnings: string[] = [];
  const defaults = new Map(DEFAULT_RULES.map((rule) => [rule.name, rule.expression]));
  for (const rule of rules.values()) {
    const where = rule.origin === null ? "" : `${rule.origin.file}:${rule.origin.line}: `;
    const say = (text: string) => warnings.push(`${where}policy rule "${rule.name}" ${text}`);
    for (const reason of brokenParts(rule.tree)) say(`is malformed and denies: ${reason}`);
    if (rule.cyclic) say("refers to itself and denies");
    for (const name of referencedRules(rule.tree)) {
      if (rules.has(name)) continue;
      const standIn = find(name);
      say(
        `refers to "${name}", which is not defined: ` +
          (standIn === undefined ? "that denies" : `the rule "${standIn.name}" is used`),
      );
    }
    if (rule.origin !== null && defaults.get(rule.name) === rule.expression) say("only repeats the default");
  }
  return warnings;
}

/** Rules of files that nothing uses: most of them are misspelled. */
function idleWarnings(rules: ReadonlyMap<string, Rule>, options: RuleSetOptions): string[] {
  const known = DEFAULT_RULES.map(({ name }) => name);
  const asked = new Set([options.defaultRule, ...known]);
  for (const rule of rules.values()) for (const name of referencedRules(rule.tree)) asked.add(name);
  return [...rules.values()].flatMap(({ name, origin }) => {
    if (origin === null || asked.has(name)) return [];
    const meant = didYouMean(name, known);
    if (meant === "" && options.usedByProtections) return [];
    const what = "is not a rule of the service, and no rule refers to it: it has no effect.";
    return [`${origin.file}:${origin.line}: policy rule "${name}" ${what}${meant}`];
  });
}

function brokenParts(node: Node): string[] {
  if (node.kind === "broken") return [node.reason];
  if (node.kind === "and" || node.kind === "or") return node.of.flatMap(brokenParts);
  return node.kind === "not" ? brokenParts(node.of) : [];
}

/** Evaluates a rule and records each step, to explain the decision to the operator. */
import type { Caller } from "../caller.ts";
import type { PolicyTarget } from "./enforcer.ts";
import type { Node } from "./parse.ts";
import type { Origin, Rule, RuleSet } from "./rule_set.ts";
import { inScope, tokenKind } from "./scope.ts";

/** One step of an evaluation. */
export interface TraceStep {
  depth: number;
  /** A check as written, or `and`, `or`, `not`. */
  text: string;
  /** Null: not evaluated, because the result was clear before. */
  result: boolean | null;
  /** The place of the rule after `rule:`, or why a check denies. */
  note?: string;
}

/** A decision with its reasons. */
export interface Explanation {
  allowed: boolean;
  /** The requested rule. */
  rule: string;
  /** The rule that decided: the default rule when the name is undefined; null when there is neither. */
  decidedBy: string | null;
  /** Null: the built-in default. */
  origin: Origin | null;
  expression: string;
  /** Whether the token has the required scope; if not, the expression was not evaluated. */
  scope: { required: "project" | null; token: string; passed: boolean };
  trace: TraceStep[];
}

/** Decides like `allows`, with each step. Rejects `internal` when an `http:` check fails. */
export async function explainDecision(
  set: RuleSet,
  name: string,
  caller: Caller,
  target: PolicyTarget,
): Promise<Explanation> {
  const rule = set.find(name);
  const named = set.rules.get(name);
  const passed = inScope(named, caller);
  const explanation: Explanation = {
    allowed: false,
    rule: name,
    decidedBy: rule?.name ?? null,
    origin: rule?.origin ?? null,
    expression: rule?.expression ?? "",
    scope: { required: named?.scope ?? null, token: tokenKind(caller), passed },
    trace: [],
  };
  if (rule === undefined || !passed) return explanation;
  const walk = new Walk(set, name, caller, target, explanation.trace);
  explanation.allowed = await walk.rule(rule, 0, false);
  return explanation;
}

class Walk {
  constructor(
    readonly set: RuleSet,
    readonly asked: string,
    readonly caller: Caller,
    readonly target: PolicyTarget,
    readonly trace: TraceStep[],
  ) {}

  async rule(rule: Rule, depth: number, negated: boolean): Promise<boolean> {
    const where = rule.origin === null ? "default" : `${rule.origin.file}:${rule.origin.line}`;
    const step: TraceStep = { depth, text: `rule:${rule.name}`, result: negated, note: where };
    this.trace.push(step);
    if (rule.cyclic) step.note += ", refers to itself";
    else step.result = await this.node(rule.tree, depth + 1, negated);
    return step.result!;
  }

  async node(node: Node, depth: number, negated: boolean): Promise<boolean> {
    if (node.kind === "rule") {
      const rule = this.set.find(node.name);
      if (rule !== undefined) return await this.rule(rule, depth, negated);
    }
    const step: TraceStep = { depth, text: nodeText(node), result: negated };
    this.trace.push(step);
    if (node.kind === "rule") step.note = "not defined";
    else if (node.kind === "broken") step.note = node.reason;
    else if (node.kind === "not") step.result = !await this.node(node.of, depth + 1, !negated);
    else if (node.kind === "and" || node.kind === "or") {
      step.result = await this.chain(node.of, depth + 1, negated, node.kind === "or");
    } else step.result = await this.set.compile(node)(this.caller, this.target, this.asked);
    return step.result!;
  }

  async chain(of: Node[], depth: number, negated: boolean, stop: boolean): Promise<boolean> {
    let clear = false;
    for (const node of of) {
      if (clear) this.trace.push({ depth, text: nodeText(node), result: null });
      else clear = await this.node(node, depth, negated) === stop;
    }
    return clear ? stop : !stop;
  }
}

function nodeText(node: Node): string {
  if (node.kind === "always") return "@";
  return "text" in node ? node.text : node.kind;
}

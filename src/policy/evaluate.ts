/** Compiles the trees of rules into functions (docs/reference/policy.md §3). */
import type { Caller } from "../caller.ts";
import { credential, hasText } from "./credentials.ts";
import type { PolicyTarget } from "./enforcer.ts";
import { compileMatch, valueText } from "./match.ts";
import type { Node } from "./parse.ts";

/** A compiled check. `rule` is the requested name. Returns a promise only for an `http:` check. */
export type Check = (caller: Caller, target: PolicyTarget, rule: string) => boolean | Promise<boolean>;

/** Asks another server, for an `http:` check. */
export type AskServer = (question: Question) => Promise<boolean>;

export interface Question {
  url: string;
  /** Whether the host of the URL depends on the target. */
  hostByTarget: boolean;
  rule: string;
  caller: Caller;
  target: PolicyTarget;
}

interface CompileContext {
  /**
   * The check of another rule, compiled for the same side of `not`. For a rule that is undefined, broken or part of a
   * cycle it is a check that makes the whole rule deny.
   */
  rule(name: string, negated: boolean): Check;
  ask: AskServer;
}

/**
 * Compiles a tree. `negated`: the tree is below an odd number of `not`. There a broken check returns true, so that the
 * whole rule denies on both sides of a `not`.
 */
export function compile(node: Node, negated: boolean, context: CompileContext): Check {
  switch (node.kind) {
    case "always":
      return () => true;
    case "never":
      return () => false;
    case "broken":
      return () => negated;
    case "not":
      return not(compile(node.of, !negated, context));
    case "and":
      return chain(node.of.map((part) => compile(part, negated, context)), false);
    case "or":
      return chain(node.of.map((part) => compile(part, negated, context)), true);
    case "rule":
      return context.rule(node.name, negated);
    case "role":
      return compileRole(node);
    case "literal":
      return compileLiteral(node);
    case "attribute":
      return compileAttribute(node);
    case "http":
      return compileHttp(node, context.ask);
  }
}

/** Runs the checks in order until one returns `stop`: `and` stops at false, `or` at true. */
function chain(checks: Check[], stop: boolean): Check {
  return (caller, target, rule) => {
    for (let i = 0; i < checks.length; i++) {
      const answer = checks[i]!(caller, target, rule);
      if (answer === stop) return stop;
      if (typeof answer !== "boolean") {
        const rest = chain(checks.slice(i + 1), stop);
        return answer.then((later) => later === stop ? stop : rest(caller, target, rule));
      }
    }
    return !stop;
  };
}

function not(check: Check): Check {
  return (caller, target, rule) => {
    const answer = check(caller, target, rule);
    return typeof answer === "boolean" ? !answer : answer.then((later) => !later);
  };
}

function compileRole(node: Node & { kind: "role" }): Check {
  const only = node.match[0];
  if (node.match.length === 1 && typeof only === "string") {
    const role = only.toLowerCase();
    return (caller) => hasRole(caller.roles, role);
  }
  const match = compileMatch(node.match);
  return (caller, target) => {
    const role = match(target);
    return role !== undefined && hasRole(caller.roles, role.toLowerCase());
  };
}

/** Compares without case, although roles of a caller should be in lower case already. */
function hasRole(roles: readonly string[], role: string): boolean {
  for (const held of roles) if (held === role || held.toLowerCase() === role) return true;
  return false;
}

function compileLiteral(node: Node & { kind: "literal" }): Check {
  const { value } = node;
  const match = compileMatch(node.match);
  return (_caller, target) => match(target) === value;
}

function compileAttribute(node: Node & { kind: "attribute" }): Check {
  const [name, ...path] = node.path;
  const of = credential(name!);
  if (of === undefined) return () => false;
  const match = compileMatch(node.match);
  return (caller, target) => {
    const wanted = match(target);
    if (wanted === undefined) return false;
    const held = of(caller);
    if (typeof held === "string") return path.length === 0 && held === wanted;
    if (Array.isArray(held) || path.length > 0) return hasText(held, path, wanted);
    return valueText(held) === wanted;
  };
}

function compileHttp(node: Node & { kind: "http" }, ask: AskServer): Check {
  const match = compileMatch(node.url);
  const [start] = node.url;
  const hostByTarget = node.url.some((part) => typeof part !== "string") &&
    !(typeof start === "string" && /^https?:\/\/[^/?#\\]+[/?#]/i.test(start));
  return (caller, target, rule) => {
    const url = match(target);
    return url === undefined ? false : ask({ url, hostByTarget, rule, caller, target });
  };
}

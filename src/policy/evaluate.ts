/** Turns the trees of rules into functions (spec/policy.md §3). */
import type { Caller } from "../caller.ts";
import { credential, hasText } from "./credentials.ts";
import type { PolicyTarget } from "./enforcer.ts";
import { compileMatch, valueText } from "./match.ts";
import type { Node } from "./parse.ts";

/** A compiled check. `rule` is the name that was asked for; a promise only where an `http:` check takes part. */
export type Check = (caller: Caller, target: PolicyTarget, rule: string) => boolean | Promise<boolean>;

/** Asks another server: what an `http:` check needs from outside. */
export type AskServer = (question: Question) => Promise<boolean>;

export interface Question {
  url: string;
  /** Whether the target had a say in which host the URL names. */
  hostByTarget: boolean;
  rule: string;
  caller: Caller;
  target: PolicyTarget;
}

/** What compilation needs beside the tree. */
interface CompileContext {
  /**
   * The check of another rule, compiled for the same side of `not`. What is undefined, broken or part of a cycle
   * comes back as a check that makes the whole deny.
   */
  rule(name: string, negated: boolean): Check;
  ask: AskServer;
}

/**
 * Compiles a tree. `negated` says that an odd number of `not` stands above it: what cannot be understood answers
 * there with true, so that the whole denies on both sides of a `not`.
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

/** Asks one after the other until one answers `stop`: `and` stops at false, `or` at true. */
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

/** Roles of a caller are lower-cased already; another source of callers may forget it. */
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

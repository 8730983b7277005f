/** `oneglance policy check`: whether a caller passes a rule, and why. */
import { parseArgs } from "node:util";
import { type Caller, NOBODY } from "../caller.ts";
import { fail, isError } from "../errors.ts";
import { didYouMean } from "../util/near.ts";
import { isAdmin, type PolicyTarget } from "./enforcer.ts";
import type { PolicyConfig } from "./files.ts";
import { type EnforcerOptions, makeEnforcer, type PolicyEnforcer } from "./load.ts";
import type { Explanation, TraceStep } from "./trace.ts";

/** A question to policy, as texts of the command line. */
interface PolicyQuestion {
  /** Absent: every rule. */
  rule?: string;
  /** `role:member,project:abc,user:…`; also `domain`, `system`, `user_domain`, `project_domain`, `service_role`. */
  as: string;
  /** `key=value`, as a rule sees it: `owner=abc`, `visibility=public`. */
  target: readonly string[];
}

/** A decision, with a hint when it is unexpected. */
interface Answer extends Explanation {
  hint?: string;
}

const USAGE =
  "usage: policy check [--rule RULE] --as role:ROLE,project:ID,user:ID [--target KEY=VALUE …] [--json]";

/** Keys of a target that mean the same. */
const ALIASES = [["owner", "project_id"], ["member", "member_id"], ["image_id", "id"]] as const;

/**
 * Runs the command with its arguments. `exit` is 0 for allowed, 1 for denied, 2 for an invalid question; without
 * `--rule` it is 0.
 */
export async function runPolicyCheck(
  args: string[],
  config: PolicyConfig,
  options: EnforcerOptions = {},
): Promise<{ output: string; exit: number }> {
  try {
    const { json, ...question } = readArgs(args);
    const answers = await policyCheck(question, await makeEnforcer(config, options));
    const [first] = answers;
    const single = question.rule !== undefined && first !== undefined;
    if (json) {
      return { output: JSON.stringify(single ? first : answers, null, 2), exit: single ? exitOf(first) : 0 };
    }
    return single
      ? { output: describe(first), exit: exitOf(first) }
      : { output: answers.map(summarize).join("\n"), exit: 0 };
  } catch (error) {
    if (!isError(error)) throw error;
    return { output: error.message, exit: 2 };
  }
}

/**
 * Answers a question, with one explanation per rule.
 * @throws GlanceError `config` when there is no such rule, or the caller or the target cannot be understood.
 */
async function policyCheck(
  question: PolicyQuestion,
  enforcer: PolicyEnforcer,
): Promise<Answer[]> {
  const caller = await readCaller(question.as, enforcer);
  const target = readTarget(question.target);
  const known = [...enforcer.rules().keys()];
  if (question.rule !== undefined && !known.includes(question.rule)) {
    fail("config", `--rule: there is no rule "${question.rule}".${didYouMean(question.rule, known)}`);
  }
  const answers: Answer[] = [];
  for (const name of question.rule === undefined ? known : [question.rule]) {
    const answer = await enforcer.explain(name, caller, target);
    answers.push({ ...answer, ...await hintFor(answer, caller, target, enforcer) });
  }
  return answers;
}

/** Tokens of Keystone contain implied roles, so `role:member` alone is rarely the caller that the operator means. */
async function hintFor(
  { allowed, rule }: Explanation,
  caller: Caller,
  target: PolicyTarget,
  enforcer: PolicyEnforcer,
): Promise<{ hint?: string }> {
  if (allowed || !caller.roles.includes("member") || caller.roles.includes("reader")) return {};
  const reader = { ...caller, roles: [...caller.roles, "reader"] };
  if (!(await enforcer.explain(rule, reader, target)).allowed) return {};
  return {
    hint: "role:reader would allow it: Keystone adds that role to the token of a member, so name both roles",
  };
}

function readArgs(args: string[]): PolicyQuestion & { json: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        rule: { type: "string" },
        as: { type: "string" },
        target: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
      },
    });
    const { rule, as, target, json } = values;
    if (as !== undefined) return { rule, as, target, json };
  } catch (error) {
    fail("config", `${(error as Error).message}\n${USAGE}`);
  }
  fail("config", `--as is missing\n${USAGE}`);
}

async function readCaller(text: string, enforcer: PolicyEnforcer): Promise<Caller> {
  const roles: string[] = [];
  const serviceRoles: string[] = [];
  const fields: Partial<Record<CallerField, string>> = {};
  for (const item of text.split(",").map((item) => item.trim()).filter((item) => item !== "")) {
    const colon = item.indexOf(":");
    const key = item.slice(0, colon);
    const value = item.slice(colon + 1);
    const field = CALLER_FIELDS.get(key);
    if (colon > 0 && key === "role") roles.push(value.toLowerCase());
    else if (colon > 0 && key === "service_role") serviceRoles.push(value);
    else if (colon > 0 && field !== undefined) fields[field] = value;
    else {fail(
        "config",
        `--as: "${item}" is not role:…, service_role:… or one of ${[...CALLER_FIELDS.keys()].join(", ")}`,
      );}
  }
  const caller: Caller = { ...NOBODY, ...fields, roles, serviceRoles };
  return { ...caller, isAdmin: await isAdmin(enforcer, caller) };
}

type CallerField = "userId" | "userDomainId" | "projectId" | "projectDomainId" | "domainId" | "systemScope";

const CALLER_FIELDS: ReadonlyMap<string, CallerField> = new Map([
  ["user", "userId"],
  ["user_domain", "userDomainId"],
  ["project", "projectId"],
  ["project_domain", "projectDomainId"],
  ["domain", "domainId"],
  ["system", "systemScope"],
]);

function readTarget(pairs: readonly string[]): PolicyTarget {
  const target: Record<string, string> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 1) fail("config", `--target: "${pair}" is not KEY=VALUE`);
    target[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  for (const [one, other] of ALIASES) {
    const value = target[one] ?? target[other];
    if (value === undefined) continue;
    target[one] ??= value;
    target[other] ??= value;
  }
  return target;
}

function exitOf(answer: Explanation): number {
  return answer.allowed ? 0 : 1;
}

function summarize(answer: Explanation): string {
  return `${answer.allowed ? "allowed" : "denied "}  ${answer.rule}`;
}

function describe(answer: Answer): string {
  const lines = [`${answer.allowed ? "allowed" : "denied"}: ${answer.rule}`];
  const origin = answer.origin === null ? "default" : `${answer.origin.file}:${answer.origin.line}`;
  lines.push(`decided by "${answer.decidedBy}" (${origin}): ${answer.expression || "@"}`);
  if (!answer.scope.passed) {
    lines.push(`the rule requires a ${answer.scope.required} token, this is a ${answer.scope.token} token`);
  }
  lines.push(...answer.trace.map(describeStep));
  if (answer.hint !== undefined) lines.push(`hint: ${answer.hint}`);
  return lines.join("\n");
}

function describeStep({ depth, text, result, note }: TraceStep): string {
  const verdict = result === null ? "not evaluated" : result ? "yes" : "no";
  return `${"  ".repeat(depth + 1)}${text}: ${verdict}${note === undefined ? "" : ` (${note})`}`;
}

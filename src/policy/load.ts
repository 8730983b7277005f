/** Makes the enforcer: the operator's rules over the defaults, reloaded when the files change (docs/reference/policy.md §2). */
import type { Caller } from "../caller.ts";
import { GlanceError } from "../errors.ts";
import type { Log } from "../observe/log.ts";
import type { OutboundFetch } from "../net/outbound.ts";
import type { Enforcer, PolicyTarget } from "./enforcer.ts";
import {
  findPolicyFiles,
  forgottenJson,
  parsePolicyFiles,
  type PolicyConfig,
  type ReadFile,
  readPolicyFiles,
} from "./files.ts";
import { FileWatch } from "./file_watch.ts";
import type { Question } from "./evaluate.ts";
import { askServer, type RemoteOptions } from "./http_check.ts";
import { buildRuleSet, type Rule, type RuleSet } from "./rule_set.ts";
import { inScope, tokenKind } from "./scope.ts";
import { explainDecision, type Explanation } from "./trace.ts";

/** The log of policy. Decisions are logged with `isDebug` only. */
export type PolicyLog = Pick<Log, "debug" | "info" | "warn" | "error"> & Partial<Pick<Log, "isDebug">>;

/** Extras of an enforcer. */
export interface EnforcerOptions {
  /** For rules with `http:` checks; without it they fail with `internal`. */
  outbound?: OutboundFetch;
  log?: PolicyLog;
  /** Milliseconds; for tests. */
  now?: () => number;
}

export interface PolicyEnforcer extends Enforcer {
  /** Evaluates the rule like `rule:NAME` in another rule: undefined names use the default rule, scope is not checked. */
  passes(rule: string, caller: Caller, target: PolicyTarget): boolean | Promise<boolean>;
  /** Decides like `allows`, and returns the deciding rule, its place, and each step. */
  explain(rule: string, caller: Caller, target: PolicyTarget): Promise<Explanation>;
  /** The current rules by name. */
  rules(): ReadonlyMap<string, Rule>;
}

/** How often files are searched anew (ms), for changes that the watched folders do not show, such as a new folder. */
const LOOK_EVERY_MS = 1000;

/** A log that drops everything. */
export const SILENT: PolicyLog = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Reads the policy files and makes the enforcer. `refresh` applies later changes of the files; a rule that was removed
 * from a file returns to its default.
 * @throws GlanceError `config` with `file:line` when a file is malformed.
 */
// deno-lint-ignore require-await -- errors are rejections, as with every other part that is made at start
export async function makeEnforcer(
  config: PolicyConfig,
  options: EnforcerOptions = {},
): Promise<PolicyEnforcer> {
  const log = options.log ?? SILENT;
  const now = options.now ?? (() => performance.now());
  const enforceNewDefaults = config.get("oslo_policy.enforce_new_defaults");
  const build = ruleSetBuilder(config, options.outbound, enforceNewDefaults, log);

  const files = new PolicyFiles(config);
  let rules = build(files.read()!);
  let lookAt = now() + LOOK_EVERY_MS;
  const json = forgottenJson(config, files.paths);
  if (json !== null) {
    log.warn(`${json} is not read: name it in [oslo_policy] policy_file or move it to policy.yaml`);
  }

  let complaint = "";
  function refresh(): void {
    const late = now() >= lookAt;
    if (!late && !files.mayHaveChanged()) return;
    lookAt = now() + LOOK_EVERY_MS;
    try {
      const texts = files.read();
      if (texts === null) return;
      rules = build(texts);
      complaint = "";
      log.info(`policy files were reloaded: ${files.paths.join(", ") || "none is left"}`);
    } catch (error) {
      const reason = error instanceof GlanceError ? error.message : String(error);
      if (reason === complaint) return;
      complaint = reason;
      log.error(`policy files could not be reloaded, the previous rules stay in effect: ${reason}`);
    }
  }

  return {
    legacyOwnerChecks: !enforceNewDefaults,
    refresh,
    allows(rule, caller, target) {
      const answer = inScope(rules.rules.get(rule), caller) && rules.check(rule)(caller, target, rule);
      if (log.isDebug) logDecision(log, rules, rule, caller, answer);
      return answer;
    },
    passes: (rule, caller, target) => rules.check(rule)(caller, target, rule),
    explain: (rule, caller, target) => explainDecision(rules, rule, caller, target),
    rules: () => rules.rules,
  };
}

/** The policy files as last read. */
class PolicyFiles {
  readonly #config: PolicyConfig;
  readonly #watch = new FileWatch();
  #read: string | null = null;
  paths: readonly string[] = [];

  constructor(config: PolicyConfig) {
    this.#config = config;
  }

  mayHaveChanged(): boolean {
    return this.#watch.mayHaveChanged();
  }

  /** The files with their texts; null when nothing changed. @throws GlanceError `config` */
  read(): ReadFile[] | null {
    const { files, watched } = findPolicyFiles(this.#config);
    this.#watch.see(watched);
    this.paths = files;
    const texts = readPolicyFiles(files);
    const all = JSON.stringify(texts);
    if (all === this.#read) return null;
    this.#read = all;
    return texts;
  }
}

/** Returns the function that puts the rules of files over the defaults and logs its warnings. */
function ruleSetBuilder(
  config: PolicyConfig,
  outbound: OutboundFetch | undefined,
  enforceNewDefaults: boolean,
  log: PolicyLog,
): (files: readonly ReadFile[]) => RuleSet {
  const remote: RemoteOptions = {
    contentType: config.get("oslo_policy.remote_content_type"),
    timeoutMs: config.get("oslo_policy.remote_timeout") * 1000,
  };
  const options = {
    defaultRule: config.get("oslo_policy.policy_default_rule"),
    enforceNewDefaults,
    usedByProtections: config.get("DEFAULT.property_protection_file") !== null &&
      config.get("DEFAULT.property_protection_rule_format") === "policies",
    ask: (question: Question) => askServer(outbound ?? noWayOut, remote, question),
  };
  return (files) => {
    const { overrides, warnings } = parsePolicyFiles(files);
    const set = buildRuleSet(overrides, options);
    for (const warning of [...warnings, ...set.warnings]) log.warn(warning);
    return set;
  };
}

function noWayOut(): Promise<Response> {
  return Promise.reject(new Error("this process makes no outgoing requests for policy"));
}

function logDecision(
  log: PolicyLog,
  set: RuleSet,
  name: string,
  caller: Caller,
  answer: boolean | Promise<boolean>,
): void {
  const rule = set.find(name);
  const where = rule === undefined
    ? "no rule"
    : `rule "${rule.name}" (${rule.origin ? `${rule.origin.file}:${rule.origin.line}` : "default"})`;
  const verdict = answer === true ? "allowed" : answer === false ? "denied" : "decided by a server, asked";
  const scope = inScope(set.rules.get(name), caller) ? "" : `, which denies ${tokenKind(caller)} tokens`;
  log.debug(`policy ${name}: ${verdict} by ${where}${scope}`);
}

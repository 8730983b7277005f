/** The lint rule that makes a check of policy without `await` impossible (tools/lint_plugin.ts). */
import assert from "node:assert/strict";
import plugin from "../../tools/lint_plugin.ts";

function found(source: string, path = "src/images/verb.ts"): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ message }) => message);
}

/** A line of a verb. */
const verb = (line: string) => `async function verb() { ${line} }`;

Deno.test("an authorization that is awaited, or handed on by one, is right", () => {
  const right = [
    'import { authorize, authorizeImage } from "../policy/authorize.ts";',
    verb("await authorizeImage(policy, rule, caller, image);"),
    verb("for (const rule of rules) await authorizeOn(ctx, namespace, rule);"),
    verb("const images = await authorizedImages(policy, rule, caller, rows);"),
    verb("if (a) await authorize(policy, rule, caller, target); else other();"),
    "function authorizeImage() { return authorize(policy, rule, caller, target); }",
    "function authorizeImage() { return plain ? authorize(a) : authorizeBehind(b); }",
    "function authorizeImage() { return authorizeAfter(authorize(a), () => authorize(b)); }",
    verb("if (!await policy.allows(rule, caller, target)) return;"),
    "const may = async (action) => await protections.allows(action, name, caller);",
    verb("lists.hosts.allowed; authors(1);"),
  ];
  for (const source of right) assert.deepEqual(found(source), [], source);
});

Deno.test("whatever may let everybody pass is found", () => {
  const wrong: [source: string, message: RegExp][] = [
    [verb("authorizeImage(policy, rule, caller, image);"), /is not awaited/],
    [verb("void authorize(policy, rule, caller, target);"), /is not awaited/],
    [verb("return authorizeImage(policy, rule, caller, image);"), /is not awaited/],
    [verb("const done = authorize(policy, rule, caller, target);"), /is not awaited/],
    [verb("await Promise.all(rules.map((rule) => authorize(policy, rule, caller, target)));"), /not awaited/],
    [verb("await Promise.all(rules.map(authorizeRule));"), /for calling alone/],
    [verb("const check = authorizeImage; await check(policy);"), /for calling alone/],
    [verb("authorizeImage?.(policy);"), /not awaited|for calling alone/],
    ['import { authorizeImage as check } from "../policy/authorize.ts";', /keeps its name/],
    ["function authorizeImage() { authorize(a); }", /is not awaited/],
    ["function authorizeImage() { authorizeAfter(authorize(a), next); }", /is not awaited/],
    ["const check = () => authorize(a);", /is not awaited/],
    [verb("if (!policy.allows(rule, caller, target)) return;"), /allows\(…\) may answer with a promise/],
    [verb("if (!deps.policy.passes(rule, caller, target)) return;"), /passes\(…\) may answer/],
    [verb("const may = (name) => protections.allows('read', name, caller);"), /allows\(…\) may answer/],
  ];
  for (const [source, message] of wrong) {
    const [first = "nothing"] = found(source);
    assert.match(first, message, source);
  }
});

Deno.test("tests may look at a promise, and policy puts answers together itself", () => {
  assert.deepEqual(found("assert.throws(() => authorize(a));", "tests/unit/policy.test.ts"), []);
  assert.deepEqual(
    found("const all = rules.map((rule) => enforcer.allows(rule));", "src/policy/many.ts"),
    [],
  );
});

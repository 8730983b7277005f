/** `policy check`: the decision, its reasons and the exit code. */
import assert from "node:assert/strict";
import { helpOf } from "../../src/cli/help.ts";
import { DEFAULT_RULES } from "../../src/policy/defaults.ts";
import { runPolicyCheck } from "../../src/policy/explain.ts";
import type { Explanation } from "../../src/policy/trace.ts";
import { callerOf, imageOf, policyConfig, withPolicy } from "../support/policy.ts";
import { imageTarget } from "../../src/policy/targets.ts";

function run(...args: string[]): Promise<{ output: string; exit: number }> {
  return runPolicyCheck(args, policyConfig());
}

Deno.test("allowed and denied, by role and project", async () => {
  const allowed = await run(
    "--rule",
    "delete_image",
    "--as",
    "role:member,project:p,user:u",
    "--target",
    "owner=p",
  );
  assert.equal(allowed.exit, 0);
  assert.match(allowed.output, /^allowed: delete_image\ndecided by "delete_image" \(default\): /);
  const denied = await run(
    "--rule",
    "delete_image",
    "--as",
    "role:member,project:p",
    "--target",
    "project_id=q",
  );
  assert.equal(denied.exit, 1);
  assert.equal(
    denied.output,
    [
      "denied: delete_image",
      'decided by "delete_image" (default): rule:context_is_admin or (role:member and project_id:%(project_id)s)',
      "  rule:delete_image: no (default)",
      "    or: no",
      "      rule:context_is_admin: no (default)",
      "        role:admin: no",
      "      and: no",
      "        role:member: yes",
      "        project_id:%(project_id)s: no",
    ].join("\n"),
  );
});

Deno.test("the wrong scope is reported", async () => {
  const scope = await run("--rule", "get_images", "--as", "role:admin,system:all");
  assert.equal(scope.exit, 1);
  assert.match(scope.output, /the rule requires a project token, this is a system token/);
});

Deno.test("an unknown rule is an error; the message names the nearest rule", async () => {
  assert.deepEqual(await run("--rule", "nosuchrule", "--as", "user:u"), {
    output: '--rule: there is no rule "nosuchrule".',
    exit: 2,
  });
  assert.deepEqual(await run("--rule", "delete_imag", "--as", "user:u", "--json"), {
    output: `--rule: there is no rule "delete_imag". Did you mean 'delete_image'?`,
    exit: 2,
  });
});

Deno.test("a member without reader gets a hint about the roles in a Keystone token", async () => {
  const ask = ["--rule", "get_image", "--target", "owner=p", "--as"];
  const denied = await run(...ask, "role:member,project:p");
  assert.equal(denied.exit, 1);
  assert.match(denied.output, /\nhint: role:reader would allow it: .* name both roles$/);
  assert.match(JSON.parse((await run(...ask, "role:member,project:p", "--json")).output).hint, /role:reader/);
  assert.doesNotMatch((await run(...ask, "role:member,project:q")).output, /hint/);
  assert.doesNotMatch((await run(...ask, "role:member,role:reader,project:p")).output, /hint/);
});

Deno.test("json, and all rules at once", async () => {
  const one = await run(
    "--rule",
    "get_images",
    "--as",
    "role:reader,project:p",
    "--target",
    "project_id=p",
    "--json",
  );
  const answer = JSON.parse(one.output) as Explanation;
  assert.equal(answer.allowed, true);
  assert.equal(answer.origin, null);
  assert.deepEqual(answer.scope, { required: "project", token: "project", passed: true });
  const all = await run("--as", "role:admin", "--json");
  assert.equal(all.exit, 0);
  assert.deepEqual(
    (JSON.parse(all.output) as Explanation[]).map((each) => each.rule),
    DEFAULT_RULES.map((r) => r.name),
  );
  assert.match((await run("--as", "role:reader")).output, /^denied {3}add_image$/m);
});

Deno.test("a question that cannot be asked", async () => {
  for (
    const args of [[], ["--rule", "x"], ["--as", "boss"], ["--as", "role:x", "--target", "y"], ["--nonsense"]]
  ) {
    const { output, exit } = await run(...args);
    assert.equal(exit, 2, args.join(" "));
    assert.ok(output.length > 0);
  }
});

Deno.test("explain decides like allows and names the place of a rule", async () => {
  const rules = {
    a: "rule:b or role:x y",
    b: "not (role:admin and rule:cyclic)",
    c: "not nonsense",
    cyclic: "rule:cyclic",
    d: [["role:reader", "'private':%(visibility)s"], ["role:admin"]],
    e: "@ or role:x",
    f: "rule:missing and not rule:cyclic",
  };
  const callers = [
    callerOf("own", ["admin"]),
    callerOf("own", ["reader"]),
    callerOf(null, ["admin"], { domainId: "d" }),
  ];
  await withPolicy(rules, async (policy) => {
    for (const caller of callers) {
      const target = imageTarget(imageOf(), caller);
      for (const rule of [...policy.rules().keys(), "missing"]) {
        const { allowed } = await policy.explain(rule, caller, target);
        assert.equal(allowed, policy.allows(rule, caller, target), `${rule} as ${caller.roles}`);
      }
    }
    const { origin, trace } = await policy.explain("e", callers[0]!, {});
    assert.ok(origin!.file.endsWith("/policy.yaml"));
    assert.deepEqual(trace.map(({ text, result }) => [text, result]), [
      ["rule:e", true],
      ["or", true],
      ["@", true],
      ["role:x", null],
    ]);
  });
});

Deno.test("the caller that the help gives as an example is understood", async () => {
  const example = /for example (\S+);/.exec(helpOf("policy")!)![1]!;
  const { exit, output } = await run("--rule", "get_image", "--as", example, "--target", "owner=ID");
  assert.equal(exit, 0, output);
});

/** Policy files: order, reload, and what is wrong with them (docs/reference/policy.md §2). */
import assert from "node:assert/strict";
import { makeEnforcer, type PolicyEnforcer } from "../../src/policy/load.ts";
import { parsePolicyFile } from "../../src/policy/policy_file.ts";
import { callerOf, policyConfig } from "../support/policy.ts";

const caller = callerOf("own", ["member"]);

interface Place {
  directory: string;
  write(name: string, text: string): Promise<void>;
  /** The texts logged as `level message`. */
  lines: string[];
  make(values?: Record<string, string>): Promise<PolicyEnforcer>;
  /** Lets a second pass. */
  wait(): void;
}

async function inPlace(verb: (place: Place) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const lines: string[] = [];
  let time = 0;
  const log = {
    debug() {},
    info: (text: string) => lines.push(`info ${text}`),
    warn: (text: string) => lines.push(`warn ${text}`),
    error: (text: string) => lines.push(`error ${text}`),
  };
  try {
    await Deno.mkdir(`${directory}/policy.d`);
    await verb({
      directory,
      write: (name, text) => Deno.writeTextFile(`${directory}/${name}`, text),
      lines,
      make: (values) => makeEnforcer(policyConfig(directory, values), { log, now: () => time }),
      wait: () => void (time += 1001),
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("without files the defaults hold, and one line is enough to change one rule", () =>
  inPlace(async ({ write, make }) => {
    assert.equal((await make()).allows("publicize_image", caller, {}), false);
    await write("policy.yaml", 'publicize_image: "role:member"\n');
    const policy = await make();
    assert.equal(policy.allows("publicize_image", caller, {}), true);
    assert.equal(policy.allows("tasks_api_access", caller, {}), false);
  }));

Deno.test("policy.d comes after policy.yaml, later names after earlier; hidden files and folders are left out", () =>
  inPlace(async ({ directory, write, make }) => {
    await write("policy.yaml", "a: '!'\nb: '!'\nc: '!'\nd: '!'\n");
    await write("policy.d/20-last.yaml", "a: '@'\n");
    await write("policy.d/10-first.json", '{"a": "!", "b": "@"}');
    await write("policy.d/.hidden.yaml", "c: '@'\n");
    await Deno.mkdir(`${directory}/policy.d/more`);
    await write("policy.d/more/x.yaml", "d: '@'\n");
    const policy = await make();
    assert.deepEqual(["a", "b", "c", "d"].map((rule) => policy.allows(rule, caller, {})), [
      true,
      true,
      false,
      false,
    ]);
    assert.deepEqual(policy.rules().get("a")!.origin, {
      file: `${directory}/policy.d/20-last.yaml`,
      line: 1,
    });
  }));

Deno.test("absolute names of file and directory", () =>
  inPlace(async ({ directory, write, make }) => {
    await write("rules.json", '{"a": "!"}');
    await Deno.mkdir(`${directory}/more`);
    await write("more/x.yaml", "b: '!'\n");
    const policy = await make({
      "oslo_policy.policy_file": `${directory}/rules.json`,
      "oslo_policy.policy_dirs": `${directory}/more`,
    });
    assert.equal(policy.allows("a", caller, {}), false);
    assert.equal(policy.allows("b", caller, {}), false);
  }));

Deno.test("a change holds from the next request on; a removed rule returns to its default", () =>
  inPlace(async ({ directory, write, make, lines }) => {
    await Deno.remove(`${directory}/policy.d`);
    const policy = await make();
    const allowed = () => {
      policy.refresh();
      return policy.allows("publicize_image", caller, {});
    };
    assert.equal(allowed(), false);
    await write("policy.yaml", "publicize_image: role:member\n");
    assert.equal(policy.allows("publicize_image", caller, {}), false, "one request keeps to one state");
    assert.equal(allowed(), true, "a file appears");
    await Deno.mkdir(`${directory}/policy.d`);
    await write("policy.d/a.yaml", "publicize_image: '!'\n");
    assert.equal(allowed(), false, "a folder appears");
    await write("policy.d/b.yaml", "publicize_image: '@'\n");
    assert.equal(allowed(), true, "a file in it");
    await Deno.rename(`${directory}/policy.d/b.yaml`, `${directory}/policy.d/.b`);
    assert.equal(allowed(), false, "and is renamed");
    await Deno.remove(`${directory}/policy.d`, { recursive: true });
    assert.equal(allowed(), true);
    await write("policy.yaml", "");
    assert.equal(allowed(), false);
    assert.equal(allowed(), false, "unchanged files are not read again");
    assert.equal(lines.filter((line) => line.startsWith("info policy files were reloaded")).length, 6);
  }));

Deno.test("two changes of one length in the same moment", () =>
  inPlace(async ({ directory, make }) => {
    const text = (rule: string) => `publicize_image: "${rule}"\n`;
    for (let i = 0; i < 50; i++) {
      const policy = await make();
      Deno.writeTextFileSync(`${directory}/policy.yaml`, text(i % 2 ? "@" : "!"));
      policy.refresh();
      assert.equal(policy.allows("publicize_image", caller, {}), i % 2 === 1);
    }
  }));

Deno.test("a folder of the search path that appears is seen within a second", () =>
  inPlace(async ({ directory, write, make, wait }) => {
    const policy = await make({ "oslo_policy.policy_file": `${directory}/new/policy.yaml` });
    await Deno.mkdir(`${directory}/new`);
    await write("new/policy.yaml", "publicize_image: '@'\n");
    wait();
    policy.refresh();
    assert.equal(policy.allows("publicize_image", caller, {}), true);
  }));

Deno.test("a bad file on reload leaves the rules as they are and says so once", () =>
  inPlace(async ({ directory, write, make, wait, lines }) => {
    await write("policy.yaml", "publicize_image: role:member\n");
    const policy = await make();
    await write("policy.yaml", "publicize_image: '!'\nx: [unclosed\n");
    for (let i = 0; i < 3; i++) {
      wait();
      policy.refresh();
      assert.equal(policy.allows("publicize_image", caller, {}), true);
    }
    const errors = lines.filter((line) => line.startsWith("error "));
    assert.equal(errors.length, 1);
    assert.ok(errors[0]!.includes(`${directory}/policy.yaml:`));
    await write("policy.yaml", "publicize_image: '!'\n");
    policy.refresh();
    assert.equal(policy.allows("publicize_image", caller, {}), false);
  }));

Deno.test("a bad file at start is refused with file and line", () =>
  inPlace(async ({ directory, write, make }) => {
    await write("policy.d/bad.yaml", "a: '@'\nb: true\n");
    await assert.rejects(make(), {
      code: "config",
      message: `${directory}/policy.d/bad.yaml:2: rule "b" is true: expected a string or a list`,
    });
  }));

Deno.test("what is to mend is warned of at start", () =>
  inPlace(async ({ directory, write, make, lines }) => {
    await write("policy.json", "{}");
    await write(
      "policy.yaml",
      'publicize_image: rule:context_is_admin\ntypo: "role:a role:b"\nx: rule:nowhere\nx: rule:typo\ny: rule:absent\n',
    );
    await make();
    const file = `${directory}/policy.yaml`;
    assert.deepEqual(lines, [
      `warn ${file}:4: policy rule "x" is already defined in line 3; this one is used`,
      `warn ${file}:1: policy rule "publicize_image" only repeats the default`,
      `warn ${file}:2: policy rule "typo" is malformed and denies: unexpected "role:b"`,
      `warn ${file}:5: policy rule "y" refers to "absent", which is not defined: the rule "default" is used`,
      ...[[4, "x"], [5, "y"]].map(([line, name]) =>
        `warn ${file}:${line}: policy rule "${name}" is not a rule of the service, and no rule refers to it: it has no effect.`
      ),
      `warn ${directory}/policy.json is not read: name it in [oslo_policy] policy_file or move it to policy.yaml`,
    ]);
  }));

Deno.test("rules that nothing asks for are warned of, with the name that may be meant", () =>
  inPlace(async ({ directory, write, make, lines }) => {
    await write(
      "policy.yaml",
      "delete_imag: '!'\nowner_only: role:x\nget_image: rule:owner_only\nspare: role:y\ndefault: '!'\n",
    );
    const idle = "is not a rule of the service, and no rule refers to it: it has no effect.";
    const file = `${directory}/policy.yaml`;
    await make();
    assert.deepEqual(lines.splice(0), [
      `warn ${file}:1: policy rule "delete_imag" ${idle} Did you mean 'delete_image'?`,
      `warn ${file}:4: policy rule "spare" ${idle}`,
    ]);
    await make({ "oslo_policy.policy_default_rule": "spare" });
    assert.equal(lines.splice(0).length, 1, "the default rule is asked for");
    await make({
      "DEFAULT.property_protection_file": "protections.conf",
      "DEFAULT.property_protection_rule_format": "policies",
    });
    assert.equal(lines.length, 1, "property protections may ask for a rule");
  }));

Deno.test("a policy.json that is named is read and not warned of", () =>
  inPlace(async ({ write, make, lines }) => {
    await write("policy.json", '{\n\t"publicize_image": "role:member"\n}');
    const policy = await make({ "oslo_policy.policy_file": "policy.json" });
    assert.equal(policy.allows("publicize_image", caller, {}), true);
    assert.deepEqual(lines, []);
  }));

Deno.test("the texts of policy files", () => {
  const values = (text: string) =>
    Object.fromEntries([...parsePolicyFile(text, "f").overrides].map(([name, rule]) => [name, rule.value]));
  assert.deepEqual(values(""), {});
  assert.deepEqual(values("# nothing\n---\n"), {});
  assert.deepEqual(values("{}"), {});
  assert.deepEqual(values("a:\nb: ''\nc: []\nd: null"), { a: null, b: "", c: [], d: null });
  assert.deepEqual(values("a: role:x\n  or role:y"), { a: "role:x or role:y" });
  assert.deepEqual(values("a: [[role:x, role:y], role:z]"), { a: [["role:x", "role:y"], "role:z"] });
  assert.deepEqual(values("a: &r role:x\nb: *r"), { a: "role:x", b: "role:x" });
  assert.deepEqual(values("1: '@'"), { "1": "@" });
  assert.equal(parsePolicyFile("\n\na: '@'\n# x\nb: '@'", "f").overrides.get("b")!.origin.line, 5);
});

Deno.test("the texts that are no policy files", () => {
  const cases: [string, RegExp][] = [
    ["a: b: c", /^f:1: this is not YAML/],
    ["\na: @", /^f:2: this is not YAML/],
    ["a: [", /^f:\d: this is not YAML/],
    ["- a", /^f:1: a policy file is a mapping/],
    ["just text", /^f:1: a policy file is a mapping/],
    ["a: 'x'\nb: 3", /^f:2: rule "b" is 3/],
    ["a: false", /^f:1: rule "a" is false/],
    ["a: {b: c}", /^f:1: rule "a" is a mapping/],
    ["a: [[1]]", /^f:1: rule "a" is a list: expected strings/],
    ["a: [[[role:x]]]", /^f:1: rule "a" is a list: expected strings/],
    ["x: '@'\na: !", /^f:2: rule "a" is an unquoted !: write "!"/],
    ["a: '@'\n---\nb: '@'", /^f:[23]: a policy file is a single YAML document/],
    ["? [a]\n: '@'", /^f:1: the name of a rule is a string/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parsePolicyFile(text, "f"), { code: "config", message }, JSON.stringify(text));
  }
});

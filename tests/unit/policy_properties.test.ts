/** Property protections (docs/reference/policy.md §9 and traps 20 to 24). */
import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { makeEnforcer } from "../../src/policy/load.ts";
import { loadPropertyProtections, type PropertyProtections } from "../../src/policy/property_protections.ts";
import { PROPERTY_ACTIONS } from "../../src/policy/protection_file.ts";
import { pythonRegExp } from "../../src/policy/python_regexp.ts";
import { callerOf } from "../support/policy.ts";

const admin = callerOf("own", ["admin"]);
const member = callerOf("own", ["member"]);
const special = callerOf("own", ["spl_role"]);

async function load(
  text: string | Uint8Array,
  format = "roles",
  policy = "{}",
): Promise<{ protections: PropertyProtections; warnings: string[] }> {
  const directory = await Deno.makeTempDir();
  const warnings: string[] = [];
  try {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    await Deno.writeFile(`${directory}/protections.conf`, bytes);
    await Deno.writeTextFile(`${directory}/policy.yaml`, policy);
    const config = configFrom({
      "DEFAULT.property_protection_file": "protections.conf",
      "DEFAULT.property_protection_rule_format": format,
    }, { searchPath: [directory] });
    const log = { debug() {}, info() {}, warn: (line: string) => warnings.push(line), error() {} };
    const protections = loadPropertyProtections(config, await makeEnforcer(config), log);
    return { protections, warnings: warnings.map((line) => line.replace(`${directory}/`, "")) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A section with one value for all four actions, or one for each. */
function section(name: string, ...values: string[]): string {
  return `[${name}]\n${
    PROPERTY_ACTIONS.map((action, i) => `${action} = ${values[i] ?? values[0]}`).join("\n")
  }\n`;
}

Deno.test("without a file everything is allowed", async () => {
  const config = configFrom({});
  const off = loadPropertyProtections(config, await makeEnforcer(config));
  assert.equal(off.active, false);
  assert.equal(off.allows("create", "x", callerOf(null, [])), true);
});

Deno.test("roles format", async () => {
  const { protections } = await load([
    section("^x_owner_", "admin,member", "admin, Member", "admin", "admin"),
    section("^spl_", "spl_role"),
    section("^open_", "guest, @"),
    section("^shut_", "admin, !"),
    section("^svc_", "service"),
  ].join("\n"));
  assert.equal(protections.active, true);
  const ask = (action: typeof PROPERTY_ACTIONS[number], property: string, caller = member) =>
    protections.allows(action, property, caller);
  assert.equal(ask("create", "x_owner_a"), true);
  assert.equal(ask("read", "x_owner_a"), true);
  assert.equal(ask("update", "x_owner_a"), false);
  assert.equal(ask("delete", "x_owner_a"), false);
  assert.equal(ask("create", "x_owner_a", special), false);
  assert.equal(ask("read", "spl_a", special), true);
  assert.equal(ask("read", "spl_a"), false);
  assert.equal(ask("read", "spl_a", admin), false, "an administrator has to be listed");
  assert.equal(ask("create", "open_a", callerOf(null, [])), true);
  assert.equal(ask("create", "shut_a", admin), false);
  assert.equal(ask("create", "unmatched", admin), false);
  assert.equal(ask("read", "svc_a", callerOf("own", ["member"], { serviceRoles: ["Service"] })), true);
  assert.deepEqual(PROPERTY_ACTIONS.map((action) => ask(action, "os_glance_import_task")), [
    true,
    true,
    true,
    true,
  ]);
});

Deno.test("the first section found anywhere in the name decides", async () => {
  const { protections } = await load(
    section("foo", "admin") + section("a.*b", "member") + section(".*", "@"),
  );
  assert.equal(protections.allows("read", "afoob", member), false);
  assert.equal(protections.allows("read", "xaab", member), true);
  assert.equal(protections.allows("read", "xaab", special), false);
  assert.equal(protections.allows("read", "other", special), true);
});

Deno.test("policies format", async () => {
  const policy = 'glance_creator: "role:admin or role:spl_role"\nget_image: "@"';
  const { protections } = await load(
    section("^p_", "glance_creator") + section("^open_", "@") + section("^shut_", "!") +
      section("^undefined_", "nowhere") + section("^scoped_", "get_image"),
    "policies",
    policy,
  );
  assert.equal(protections.allows("create", "p_a", special), true);
  assert.equal(protections.allows("create", "p_a", member), false);
  assert.equal(protections.allows("create", "open_a", member), true);
  assert.equal(protections.allows("create", "shut_a", admin), false);
  assert.equal(protections.allows("create", "undefined_a", member), true);
  assert.equal(protections.allows("create", "scoped_a", callerOf(null, [], { systemScope: "all" })), true);
});

Deno.test("sections of the service are left out, empty values are nobody's; both are warned of", async () => {
  const { protections, warnings } = await load(
    section("os_glance_x", "!") + section("^e_", "@", "", "@", "@"),
  );
  assert.equal(protections.allows("delete", "os_glance_x", member), true);
  assert.equal(protections.allows("read", "e_a", admin), false);
  assert.equal(protections.allows("create", "e_a", admin), true);
  assert.deepEqual(warnings, [
    "protections.conf:1: [os_glance_x]: properties of the service cannot be protected, the section is ignored",
    "protections.conf:6: [^e_]: read is empty and denies everyone",
  ]);
});

Deno.test("the dialect of the file", async () => {
  const { protections } = await load(
    "# comment\n  ; indented comment\n[DEFAULT]\ndelete: admin\n[^[xy]_]\nCREATE=member\nread: admin,\n  member\nUpdate = @\n",
  );
  const answers = PROPERTY_ACTIONS.map((action) => protections.allows(action, "y_a", member));
  assert.deepEqual(answers, [true, true, true, false]);
});

Deno.test("what would make the protections doubtful keeps the service from starting", async () => {
  const good = section("^x_", "member");
  const cases: [text: string, format: string, message: RegExp][] = [
    [good + good, "roles", /protections\.conf:6: the section \[\^x_\] is already in line 1/],
    ["[a]\ncreate = @\nread = @\nupdate = @\n", "roles", /:1: the section \[a\] lacks "delete"/],
    [section("(", "@"), "roles", /:1: \[\(\] is not a regular expression/],
    [
      section("^(?!a)(b+)+$", "@"),
      "roles",
      /:1: \[.*\] is not a regular expression, or may take unbounded time/,
    ],
    [section("a", "@, !"), "roles", /:1: \[a\]: create has both @ and !/],
    [section("a", "x,y"), "policies", /has a comma/],
    ["create = @\n", "roles", /:1: expected a \[section\] before the first key/],
    ["[a]\ncreate\n", "roles", /:2: expected \[section\] or `key = value`/],
    ["[a]\ncreate = @\ncreate = !\n", "roles", /:3: "create" is already in the section \[a\]/],
    ["[a\ncreate = @\n", "roles", /:1: expected \[section\]/],
  ];
  for (const [text, format, message] of cases) {
    await assert.rejects(load(text, format), { code: "config", message }, text);
  }
  const missing = configFrom({ "DEFAULT.property_protection_file": "/nowhere/protections.conf" });
  const enforcer = await makeEnforcer(missing);
  assert.throws(() => loadPropertyProtections(missing, enforcer), { code: "config" });
  assert.throws(() => configFrom({ "DEFAULT.property_protection_rule_format": "neither" }), {
    code: "config",
  });
});

Deno.test("Python's regular expressions", () => {
  assert.ok(pythonRegExp("(?i)^X_")!.test("x_a"));
  assert.ok(pythonRegExp("^(?P<k>a)(?P=k)$")!.test("aa"));
  assert.ok(pythonRegExp("\\Aab\\Z")!.test("ab"));
  assert.ok(!pythonRegExp("\\Aab\\Z")!.test("xab"));
  assert.ok(pythonRegExp("a\\-b\\_c")!.test("a-b_c"));
  assert.ok(pythonRegExp("\\\\A")!.test("\\A"));
  assert.ok(pythonRegExp("[]x]y")!.test("]y"));
  assert.ok(pythonRegExp("^(?!x_).*")!.test("y_x_"));
  assert.ok(!pythonRegExp("^(?!x_).*")!.test("x_y"));
  assert.ok(pythonRegExp("\\Ab(?=c)")!.test("bc"));
  assert.equal(pythonRegExp("*a"), null);
  assert.equal(pythonRegExp("(?x) a"), null);
});

Deno.test("a pattern ends in time, whatever the name, or is refused", () => {
  // With an engine that goes back, each of these takes longer than there is time.
  const long = `${"a".repeat(5000)}!`;
  for (const source of ["^(a+)+$", "(a|aa)+$", "(.*a){20}b", "^(\\w+\\s?)*$", "(?i)^(A|a|aA)*$"]) {
    assert.equal(pythonRegExp(source)!.test(long), false, source);
  }
  for (
    const source of [
      "^(?!x)(a+)+$",
      "(a)(b+)*\\1",
      "(?=.*a).*b.*c",
      "(?!x)(a|aa){40}$",
      "(?=a)[^](a+)+]",
      "(a{100}){100}",
    ]
  ) {
    assert.equal(pythonRegExp(source), null, source);
  }
  assert.equal(pythonRegExp("(?=a).*")!.test(long), false, "longer than any name");
});

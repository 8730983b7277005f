/** The expression language of policy files (docs/reference/policy.md §3), each rule against one caller and one target. */
import assert from "node:assert/strict";
import type { Caller } from "../../src/caller.ts";
import { literalText } from "../../src/policy/parse.ts";
import { callerOf, withPolicy } from "../support/policy.ts";

const CALLER = callerOf("p1", ["member", "reader"], {
  userId: "u1",
  userDomainId: "ud",
  projectDomainId: "pd",
  serviceRoles: ["Service"],
  serviceProjectId: "sp",
});

const TARGET = {
  project_id: "p1",
  owner: "p2",
  visibility: "public",
  protected: false,
  os_hidden: true,
  checksum: null,
  min_disk: 0,
  role: "MEMBER",
  tags: ["a", "b"],
  extra_properties: { color: "red", owner: "p1", nothing: null },
};

type Expression = string | (string | string[])[] | null;

async function check(cases: [Expression, boolean][], caller: Caller = CALLER): Promise<void> {
  const rules = Object.fromEntries(cases.map(([expression], index) => [`r${index}`, expression]));
  await withPolicy({ yes: "@", no: "!", broken: "role:a role:b", ...rules }, (enforcer) => {
    for (const [index, [expression, expected]] of cases.entries()) {
      assert.equal(enforcer.allows(`r${index}`, caller, TARGET), expected, JSON.stringify(expression));
    }
  });
}

Deno.test("constants and empty rules", () =>
  check([
    ["", true],
    [null, true],
    [[], true],
    [[[]], false],
    ["@", true],
    ["!", false],
    ["(@)", true],
    ["not !", true],
    ["not @", false],
  ]));

Deno.test("not binds before and, and before or; keywords in any case; parentheses may touch", () =>
  check([
    ["@ or @ and !", true],
    ["(@ or @) and !", false],
    ["! and ! or @", true],
    ["not ! and !", false],
    ["not (! and !)", true],
    ["not not @", true],
    ["not ! or !", true],
    ["@ AND Not !", true],
    ["@ OR !", true],
    ["((@ and (not !)) or !)", true],
    ["@ and @ and !", false],
    ["! or ! or @", true],
    ["  @\n and\t@ ", true],
  ]));

Deno.test("what does not parse denies", () =>
  check([
    ["@ @", false],
    ["@ and", false],
    ["and @", false],
    ["or", false],
    ["not", false],
    ["(@", false],
    ["@)", false],
    ["()", false],
    ["   ", false],
    ["'abc'", false],
    ['@ or "abc"', false],
    ["@ not @", false],
  ]));

Deno.test("a word that is no check denies for itself alone", () =>
  check([
    ["admin", false],
    ["admin or @", true],
    ["admin and @", false],
    ["1abc:x or @", true],
  ]));

Deno.test("a rule that cannot be understood denies on both sides of a not", () =>
  check([
    ["not admin", false],
    ["not 1abc:x", false],
    ["not rule:broken", false],
    ["not (rule:broken or !)", false],
    ["not not rule:broken", false],
    ["rule:broken", false],
    ["rule:broken or role:member", true],
    ["not %(x)s:y", false],
    ["not role:50%", false],
  ]));

Deno.test("rule: refers to another rule, an undefined one to the default rule, which allows", () =>
  check([
    ["rule:yes", true],
    ["rule:no", false],
    ["not rule:no", true],
    ["rule:nowhere", true],
    ["rule:context_is_admin", false],
  ]));

Deno.test("role: ignores case, takes the name from the target, does not see service roles", () =>
  check([
    ["role:member", true],
    ["role:MEMBER", true],
    ["role:admin", false],
    ["role:%(role)s", true],
    ["role:%(missing)s", false],
    ["not role:%(missing)s", true],
    ["role:service", false],
    ["role:mem%(visibility)s", false],
    ["Role:member", false],
  ]));

Deno.test("attributes of the caller", () =>
  check([
    ["user_id:u1", true],
    ["user_id:u2", false],
    ["user_domain_id:ud", true],
    ["project_domain_id:pd", true],
    ["project_id:%(project_id)s", true],
    ["project_id:%(owner)s", false],
    ["roles:member", true],
    ["roles:MEMBER", false],
    ["service_roles:Service", true],
    ["service_roles:service", false],
    ["service_project_id:sp", true],
    ["is_admin_project:True", true],
    ["is_admin_project:true", false],
    ["domain_id:None", true],
    ["system_scope:None", true],
    ["project_id.id:p1", false],
  ]));

Deno.test("what a rule cannot ask for is false", () =>
  check([
    ["is_admin:True", false],
    ["is_admin:False", false],
    ["tenant:p1", false],
    ["tenant_id:p1", false],
    ["user:u1", false],
    ["project_name:None", false],
    ["read_only:False", false],
    ["token:None", false],
    ["constructor:x", false],
    ["__proto__:x", false],
  ], { ...CALLER, isAdmin: true }));

Deno.test("system is another name of system_scope", () =>
  check([["system:all", true], ["system_scope:all", true]], callerOf(null, [], { systemScope: "all" })));

Deno.test("literals against the target", () =>
  check([
    ["'public':%(visibility)s", true],
    ['"public":%(visibility)s', true],
    ["'private':%(visibility)s", false],
    ["False:%(protected)s", true],
    ["True:%(protected)s", false],
    ["True:%(os_hidden)s", true],
    ["None:%(checksum)s", true],
    ["'None':%(checksum)s", true],
    ["0:%(min_disk)s", true],
    ["0.0:%(min_disk)s", false],
    ["'public':public", true],
    ["'publ%(x)s':public", false],
    ["'a-public-b':a-%(visibility)s-b", true],
    ["'public/red':%(visibility)s/%(color)s", true],
    ["'public':%(missing)s", false],
    ["'50%':50%%", true],
    ["\"['a', 'b']\":%(tags)s", false],
  ]));

Deno.test("custom properties by name; an attribute wins", () =>
  check([
    ["'red':%(color)s", true],
    ["'p2':%(owner)s", true],
    ["None:%(nothing)s", true],
    ["'x':%(toString)s", false],
    ["'{}':%(__proto__)s", false],
    ["not 'x':%(hasOwnProperty)s", true],
  ]));

Deno.test("lists: an outer or, an inner and", () =>
  check([
    [[["role:member", "project_id:%(project_id)s"], ["role:admin"]], true],
    [[["role:member", "project_id:%(owner)s"], ["role:admin"]], false],
    [["role:admin", "role:member"], true],
    [["role:admin"], false],
    [[[], ["role:member"]], true],
    [["@"], true],
    [["nonsense"], false],
  ]));

Deno.test("the text of Python literals", () => {
  const cases: [string, string | null][] = [
    ["0", "0"],
    ["007", null],
    ["00", "0"],
    ["-12", "-12"],
    ["1_000", "1000"],
    ["0x1F", "31"],
    ["0b11", "3"],
    ["1.", "1.0"],
    [".5", "0.5"],
    ["1e3", "1000.0"],
    ["1e16", "1e+16"],
    ["0.00001", "1e-05"],
    ["-0.0", "-0.0"],
    ["''", ""],
    ["'a\\'b'", "a'b"],
    ["u'x'", "x"],
    ["'a", null],
    ["'a'b'", null],
    ["name", null],
    ["", null],
    ["true", null],
  ];
  for (const [source, expected] of cases) assert.equal(literalText(source), expected, source);
});

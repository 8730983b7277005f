/** The check of docs/compatibility.md finds what is not true. */
import assert from "node:assert/strict";
import { checkLedger, type Facts } from "../../tools/ledger_check.ts";

const FACTS: Facts = {
  routes: new Set(["GET /v2/a", "PUT /v2/a/{}", "DELETE /v2/a/{}"]),
  groups: new Map([["DEFAULT", true], ["acting", true], ["idle", false]]),
  isOption: (group, name) => group === "acting" && name === "an_option" || name === "in_default",
  drivers: new Set(["file"]),
  commands: new Set(["oneglance serve", "glance-api", "glance-manage db sync", "glance-manage db check"]),
};

/** A ledger that is true. */
const TRUE = `
| Route | Status | Note |
|---|---|---|
| \`GET /v2/a\`, words | done | |
| \`PUT\`, \`DELETE /v2/a/{name}\` | differs | |
| \`GET\`, \`PUT /v2/cache\` | not yet | |

| Group | Status | Note |
|---|---|---|
| \`[DEFAULT]\` all (\`in_default\`) | done | |
| \`[acting]\` | differs | see \`[acting] an_option\` |
| \`[idle]\` | not yet | |

| Driver | Status | Note |
|---|---|---|
| file | done | |
| rbd | not yet | |

| Glance's | oneglance's | Status | Note |
|---|---|---|---|
| \`glance-api\` | \`oneglance serve\` | done | |
| \`glance-manage db sync\`, \`check\` | the same | done | |
| \`glance-manage db purge\` | \`oneglance db purge\` | not yet | |
`;

const check = (text: string) => checkLedger(text, FACTS).map(({ message }) => message);

Deno.test("ledger: what is true passes", () => assert.deepEqual(check(TRUE), []));

const CHANGES: [name: string, from: string, to: string, said: string][] = [
  ["a route without a row", "| `GET /v2/a`, words | done | |\n", "", "GET /v2/a has no row"],
  ["a route that is not there", "`GET /v2/a`", "`GET /v2/a`, `/v2/b`", "GET /v2/b is done, but is not there"],
  [
    "another method",
    "`PUT`, `DELETE",
    "`PUT`, `PATCH`, `DELETE",
    "PATCH /v2/a/{} is differs, but is not there",
  ],
  ["a route that has come", "`PUT /v2/cache`", "`PUT /v2/a/{id}`", "PUT /v2/a/{} is not yet, but is there"],
  ["a status that is none", "| file | done", "| file | fine", "'fine' is no status"],
  ["a group that is not there", "`[acting]` |", "`[acting]`, `[other]` |", "there is no group [other]"],
  [
    "a group that does nothing",
    "| `[idle]` | not yet",
    "| `[idle]` | done",
    "[idle] is done, but oneglance acts on no",
  ],
  ["an option that is not there", "an_option", "no_option", "there is no option no_option"],
  ["a driver that is not there", "| rbd | not yet", "| rbd | done", "rbd is done, but is not there"],
  ["a driver without a row", "| file | done | |\n", "", "file has no row"],
  [
    "a command that is not there",
    "`check` |",
    "`expand` |",
    "glance-manage db expand is done, but is not there",
  ],
];

for (const [name, from, to, said] of CHANGES) {
  Deno.test(`ledger: ${name}`, () => {
    assert.ok(TRUE.includes(from), from);
    assert.ok(check(TRUE.replace(from, to)).some((message) => message.startsWith(said)), check(TRUE).join());
  });
}

Deno.test("ledger: … stands for all that begin so", () => {
  const text = TRUE.replace("`glance-manage db sync`, `check`", "`glance-manage db …`");
  assert.deepEqual(check(text), []);
});

/** References of the sources to documents: each leads to a page, and to a section that the page has. */
import assert from "node:assert/strict";
import { checkDocRefs } from "../../tools/doc_refs.ts";

// In pieces, so that these are not references of this file.
const PAGE = "doc" + "s/reference/cli.md";
const PAGES = [[PAGE, "# Commands\n\n## 1. One\n\n### 1.2 Two\n\n## 3. Three\n"]] as const;

function broken(line: string): string[] {
  return checkDocRefs(new Map([...PAGES, ["src/a.ts", line]])).map(({ message }) => message);
}

Deno.test("references to documents", async (t) => {
  const rows: [string, string[]][] = [
    [`/** See ${PAGE}. */`, []],
    [`/** See ${PAGE} §1.2. */`, []],
    [`/** See ${PAGE} §1, §3 and traps 4 to 7. */`, []],
    [`/** See ${PAGE} §1–3. */`, []],
    [`/** See ${PAGE} §2. */`, [`${PAGE} has no section 2`]],
    [`/** See ${PAGE} §1.2, §4. */`, [`${PAGE} has no section 4`]],
    [`/** See ${PAGE.replace("cli", "gone")} §1. */`, [
      `${PAGE.replace("cli", "gone")} is not in the repository`,
    ]],
    ["/** See spe" + "c/cli.md §1. */", ["name the page of docs/reference that holds this"]],
    ["/** (desig" + "n: bytes) */", ["name the page of docs/reference that holds this"]],
  ];
  for (const [line, messages] of rows) {
    await t.step(line, () => assert.deepEqual(broken(line), messages));
  }
});

/** Values of properties beside their definitions, row by row. */
import assert from "node:assert/strict";
import { problemOf } from "../../src/metadefs/check_value.ts";

const ROWS: [definition: Record<string, unknown>, right: string[], wrong: string[]][] = [
  [{ type: "string" }, ["", "x"], []],
  [{ type: "string", enum: ["a", "b"] }, ["a"], ["c", "", "A"]],
  [{ type: "string", enum: [] }, ["a"], []],
  [{ type: "string", minLength: 2, maxLength: 3 }, ["ab", "😀😀😀"], ["a", "abcd"]],
  [{ type: "string", pattern: "^a+$" }, ["aa"], ["b", "ab"]],
  [{ type: "string", pattern: "(" }, ["a broken pattern forbids nothing"], []],
  [{ type: "integer" }, ["1", "-1", "+7"], ["", "1.0", "x", "1 "]],
  [{ type: "integer", minimum: 1, maximum: 9 }, ["1", "9"], ["0", "10"]],
  [{ type: "integer", enum: ["1", "2"] }, ["1"], ["3"]],
  [{ type: "integer", minimum: "a" }, ["1"], []],
  [{ type: "number", minimum: 0.5 }, ["0.5", "1e3"], ["0.4", "x", "", " ", "Infinity"]],
  [{ type: "boolean" }, ["true", "False", "yes", "0"], ["2", "", "maybe"]],
  [{ type: "array" }, ["", "a,b"], []],
  [{ type: "array", items: { type: "string", enum: ["a", "b"] } }, ["a", "a, b"], ["a,c"]],
  [{ type: "array", items: { type: "integer" }, minItems: 1, maxItems: 2 }, ["1", "1,2"], ["", "1,2,3", "x"]],
  [{ type: "array", uniqueItems: true }, ["a,b"], ["a,a"]],
  [{ type: "object" }, ['{"a":1}'], ["[]", "x", "1"]],
  [{ type: "string", enum: ["a", "b"], operators: ["<or>"] }, ["a", "<or> a <or> b"], [
    "<or> a <or> c",
    "<in> a",
  ]],
  [{ type: "array", items: { enum: ["a", "b"] }, operators: ["<all-in>"] }, ["<all-in> a,b"], [
    "<all-in> a,c",
  ]],
  [{}, ["anything"], []],
  [{ type: "unheard of" }, ["anything"], []],
];

Deno.test("values match their definitions, or the reason is returned", () => {
  for (const [definition, right, wrong] of ROWS) {
    for (const value of right) {
      assert.equal(problemOf(definition, value), null, `${JSON.stringify(definition)} ${value}`);
    }
    for (const value of wrong) {
      assert.match(
        problemOf(definition, value) ?? "",
        /\bis\b|\bhas\b|\bdoes\b/,
        `${JSON.stringify(definition)} ${value}`,
      );
    }
  }
});

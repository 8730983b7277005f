import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { parseIni } from "../../src/config/ini.ts";

const GOOD: [title: string, text: string, entries: [group: string, name: string, value: string][]][] = [
  ["= separates", "[a]\nk = v", [["a", "k", "v"]]],
  [": separates", "[a]\nk: v", [["a", "k", "v"]]],
  ["the first : separates", "[a]\nallowed_origin: http://x", [["a", "allowed_origin", "http://x"]]],
  ["= before : wins", "[a]\nkey = a:b", [["a", "key", "a:b"]]],
  ["empty value", "[a]\nk=", [["a", "k", ""]]],
  ["white space goes", "[a]\n k2\n".replace(" k2", "k  =\t v \t"), [["a", "k", "v"]]],
  ["comments only at the start of a line", "# x\n; y\n[a]\nk = 5 # five ; note", [[
    "a",
    "k",
    "5 # five ; note",
  ]]],
  ["continuation", "[a]\nk = one\n  two\n\tthree\nl = 1", [["a", "k", "one\ntwo\nthree"], ["a", "l", "1"]]],
  ["continuation of an empty value", "[a]\nk =\n  one", [["a", "k", "\none"]]],
  ["double quotes", '[a]\nk = "rbd"', [["a", "k", "rbd"]]],
  ["single quotes", "[a]\nk = 'rbd'", [["a", "k", "rbd"]]],
  ["one pair only", `[a]\nk = ""x""`, [["a", "k", '"x"']]],
  ["unlike quotes stay", `[a]\nk = "x'`, [["a", "k", `"x'`]]],
  ["quotes inside stay", '[a]\nk = a"b"', [["a", "k", 'a"b"']]],
  ["quoted list", '[a]\nk = "[]"', [["a", "k", "[]"]]],
  ["sections merge", "[a]\nk = 1\n[b]\nk = 2\n[a]\nl = 3", [["a", "k", "1"], ["b", "k", "2"], [
    "a",
    "l",
    "3",
  ]]],
  ["repeated keys stay in order", "[a]\nk = 1\nk = 2", [["a", "k", "1"], ["a", "k", "2"]]],
  ["carriage returns", "[a]\r\nk = v\r\n", [["a", "k", "v"]]],
  ["byte order mark", "\uFEFF[a]\nk = v", [["a", "k", "v"]]],
  ["names keep their case", "[Ab]\nKey = v", [["Ab", "Key", "v"]]],
  ["nothing", "", []],
];

for (const [title, text, entries] of GOOD) {
  Deno.test(`ini: ${title}`, () => {
    assert.deepEqual(parseIni(text, "f").map((each) => [each.group, each.name, each.value]), entries);
  });
}

const BAD: [title: string, text: string, message: RegExp][] = [
  ["no separator", "[a]\nword", /^f:2: expected `key = value`/],
  ["empty key", "[a]\n= v", /^f:2: expected the name of an option/],
  ["missing ]", "[a\nk = v", /^f:1: expected \]/],
  ["empty section", "[]\nk = v", /^f:1: expected a name between/],
  ["key before a section", "k = v", /^f:1: expected a \[section\]/],
  ["continuation before any key", "[a]\n  v", /^f:2: an indented line/],
  ["continuation after a blank line", "[a]\nk = v\n\n  w", /^f:4: an indented line/],
  ["continuation after a comment", "[a]\nk = v\n# c\n  w", /^f:4: an indented line/],
  ["text after ]", "[a] x\nk = v", /^f:1: expected \]/],
];

for (const [title, text, message] of BAD) {
  Deno.test(`ini refuses: ${title}`, () => {
    assert.throws(
      () => parseIni(text, "f"),
      (error) => isError(error, "config") && message.test(error.message),
    );
  });
}

Deno.test("ini: entries carry the line of their key", () => {
  const lines = parseIni("# c\n[a]\nk = 1\n  2\nl = 3\n", "f").map((each) => each.line);
  assert.deepEqual(lines, [3, 5]);
});

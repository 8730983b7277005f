/** Which causes one line explains, and which need a stack; what is counted in the place of being printed. */
import assert from "node:assert/strict";
import { toGlanceError } from "../../db/engines/engine_error.ts";
import { GlanceError } from "../../src/errors.ts";
import { outsideLogContext, withLogContext } from "../../src/observe/context.ts";
import { isExpected, reasonOf } from "../../src/observe/expected.ts";
import { getLog } from "../../src/observe/log.ts";
import { maskText } from "../../src/observe/mask.ts";
import { Repeats } from "../../src/observe/repeats.ts";
import { logged } from "../support/logged.ts";

const coded = (code: string, message = "x") => Object.assign(new Error(message), { code });
const CAUSES: [name: string, error: unknown, expected: boolean][] = [
  ["an error of ours", new GlanceError("unavailable"), true],
  ["a full disk of the database", toGlanceError(coded("SQLITE_FULL")), true],
  ["a database that another process holds", toGlanceError(coded("SQLITE_BUSY")), true],
  ["a disk of the database that fails", toGlanceError(coded("SQLITE_IOERR_WRITE")), true],
  ["a damaged database", toGlanceError(coded("SQLITE_CORRUPT")), true],
  ["SQL that is wrong", toGlanceError(coded("SQLITE_ERROR", 'near "FORM": syntax error')), false],
  ["a constraint that no verb looked at", toGlanceError(coded("SQLITE_CONSTRAINT_UNIQUE")), false],
  ["a file that is not there", new Deno.errors.NotFound("x"), true],
  ["a disk that is full", coded("ENOSPC"), true],
  ["a handle that we had closed", new Deno.errors.BadResource("x"), false],
  ["a peer that does not answer", new TypeError("error sending request for url (http://127.0.0.1:9/)"), true],
  ["a peer that cannot be reached", new TypeError("fetch failed", { cause: new Error("x") }), true],
  ["a time limit", new DOMException("x", "TimeoutError"), true],
  ["a bug", new TypeError("undefined is not a function"), false],
  ["a bug below an error of ours", new GlanceError("internal", "x", { cause: new RangeError("y") }), false],
  ["a text", "x", false],
  ["nothing", null, false],
];
for (const [name, error, expected] of CAUSES) {
  Deno.test(`${name} is ${expected ? "explained by one line" : "logged with its stack"}`, () => {
    assert.equal(isExpected(error), expected);
    const text = logged({}, () => getLog("x").error("failed", { error }));
    assert.equal(text.trimEnd().split("\n").length === 1, expected || error === null);
    if (expected) assert.ok(text.includes(`failed: ${reasonOf(error)}`), text);
  });
}

Deno.test("the reason names each cause once", () => {
  const cause = new Error("connection refused (os error 111)");
  const middle = new GlanceError("unavailable", "Keystone: connection refused (os error 111)", { cause });
  const error = new GlanceError("unavailable", "No token", { cause: middle });
  assert.equal(reasonOf(error), "No token: Keystone: connection refused (os error 111)");
});

Deno.test("causes beyond a number are counted together: neither memory nor log grow", () => {
  const reports: [number, string][] = [];
  const repeats = new Repeats<string>((count, last) => reports.push([count, last]));
  let written = 0;
  for (let i = 0; i < 10_000; i++) if (repeats.isFirst(`cause ${i}`, `line ${i}`)) written++;
  assert.ok(written < 1000, `${written}`);
  repeats.flush();
  assert.deepEqual(reports, [[10_000 - written, "line 9999"]]);
  assert.ok(repeats.isFirst("cause 1", ""));
  repeats.flush();
  assert.equal(reports.length, 1);
});

Deno.test("after its window a cause is written again, and takes no room from others", () => {
  const report: number[] = [];
  const repeats = new Repeats<string>((count) => report.push(count));
  const { now } = performance;
  try {
    for (let i = 0; i < 1000; i++) repeats.isFirst(`cause ${i}`, "");
    assert.equal(repeats.isFirst("new", ""), false);
    performance.now = () => now.call(performance) + 60_000;
    assert.ok(repeats.isFirst("new", ""));
    assert.ok(repeats.isFirst("cause 1", ""));
    assert.equal(repeats.isFirst("cause 1", ""), false);
  } finally {
    performance.now = now;
    repeats.flush();
  }
  assert.deepEqual(report.toSorted((a, b) => a - b), [1, 500]);
});

Deno.test("what works for others is outside of the request that began it", () => {
  const text = logged({}, () => {
    withLogContext({ requestId: "req-1" }, () => {
      getLog("x").info("inside");
      outsideLogContext(() => getLog("x").info("outside"));
      getLog("x").info("inside again");
    });
  });
  assert.deepEqual(text.trimEnd().split("\n").map((line) => line.slice(line.indexOf("["))), [
    "[None req-1 - - - - - -] inside",
    "[-] outside",
    "[None req-1 - - - - - -] inside again",
  ]);
});

Deno.test("masking takes no longer than the text is long", () => {
  const text = `://${"a".repeat(200_000)} "${"a".repeat(200_000)}" ://h/?${"key".repeat(100_000)} ${
    "?".repeat(100_000)
  }`;
  assert.equal(maskText(text), text);
  assert.equal(maskText("http://u:p@h/?a=1&Key=2?token=3"), "http://****@h/?a=1&Key=****");
});

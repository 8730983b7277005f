import assert from "node:assert/strict";
import { errorLines, jsonFormatter, printable, textFormatter } from "../../src/observe/log_format.ts";
import type { LogContext, LogRecord } from "../../src/observe/log_record.ts";
import { parseLevel } from "../../src/observe/log_record.ts";
import { strftime } from "../../src/observe/strftime.ts";
import { configFrom } from "../../src/config/config.ts";
import { maskText, maskUrl } from "../../src/observe/mask.ts";

// Local time, as in Python.
const TIME = new Date(2026, 10, 4, 13, 6, 57, 42).getTime();
const CONTEXT: LogContext = { requestId: "req-1", userId: "u", projectId: "p", userDomainId: "default" };

function record(given: Partial<LogRecord>): LogRecord {
  return {
    time: TIME,
    level: "INFO",
    name: "a.b",
    message: "hello",
    context: null,
    error: null,
    fields: null,
    ...given,
  };
}

function formatter(changes: Record<string, string> = {}) {
  const config = configFrom(changes);
  return textFormatter({
    contextFormat: config.get("DEFAULT.logging_context_format_string"),
    defaultFormat: config.get("DEFAULT.logging_default_format_string"),
    exceptionPrefix: config.get("DEFAULT.logging_exception_prefix"),
    userIdentity: config.get("DEFAULT.logging_user_identity_format"),
    dateFormat: config.get("DEFAULT.log_date_format"),
  });
}

const START = `2026-11-04 13:06:57.042 ${Deno.pid}`;
const LINES: [title: string, options: Record<string, string>, given: Partial<LogRecord>, line: string][] = [
  ["outside a request", {}, {}, `${START} INFO a.b [-] hello\n`],
  [
    "inside a request",
    {},
    { context: CONTEXT, level: "WARNING" },
    `${START} WARNING a.b [None req-1 u p - - default -] hello\n`,
  ],
  [
    "with a global request id",
    {},
    { context: { ...CONTEXT, globalRequestId: "req-0" } },
    `${START} INFO a.b [req-0 req-1 u p - - default -] hello\n`,
  ],
  [
    "an own format",
    { "DEFAULT.logging_default_format_string": "%(levelname)-8s|%(name)5s|%(levelno)03d %%" },
    {},
    "INFO    |  a.b|020 %\n",
  ],
  [
    "an unknown field",
    { "DEFAULT.logging_default_format_string": "%(nothing)s %(message)s" },
    {},
    "- hello\n",
  ],
  [
    "an own date format",
    { "DEFAULT.logging_default_format_string": "%(asctime)s", "DEFAULT.log_date_format": "%d/%b/%y" },
    {},
    "04/Nov/26\n",
  ],
  [
    "a forged second line",
    {},
    { message: "x\n2026 CRITICAL\r\x1b[2J" },
    `${START} INFO a.b [-] x\\n2026 CRITICAL\\r\\u001b[2J\n`,
  ],
  [
    "a URL with a password",
    {},
    { message: "from https://u:pw@h/x?a=1" },
    `${START} INFO a.b [-] from https://****@h/x?a=1\n`,
  ],
];
for (const [title, options, given, line] of LINES) {
  Deno.test(`log line: ${title}`, () => assert.equal(formatter(options)(record(given)), line));
}

Deno.test("log line: the second's text is renewed", () => {
  const format = formatter();
  assert.match(format(record({})), /13:06:57\.042/);
  assert.match(format(record({ time: TIME + 1000 })), /13:06:58\.042/);
  assert.match(format(record({ time: TIME + 958 })), /13:06:58\.000/);
});

Deno.test("log line: a stack and its cause follow, each line with the prefix", () => {
  const error = new Error("outer", { cause: new Error("rbd://u:secret@pool/x") });
  const lines = formatter()(record({ error, level: "ERROR" })).trimEnd().split("\n");
  assert.equal(lines[0], `${START} ERROR a.b [-] hello`);
  assert.equal(lines[1], `${START} ERROR a.b Error: outer`);
  assert.ok(lines.slice(1).every((line) => line.startsWith(`${START} ERROR a.b `)));
  assert.ok(lines.some((line) => line.endsWith("Caused by: Error: rbd://****@pool/x")));
});

Deno.test("an error's lines end although its causes go in a circle", () => {
  const error = new Error("a");
  error.cause = error;
  assert.ok(errorLines(error).length < 200);
  assert.deepEqual(errorLines("text"), ["text"]);
});

Deno.test("JSON line", () => {
  const format = jsonFormatter("%Y", "host");
  const line = format(record({ context: CONTEXT, fields: { status: 200 }, error: new Error("bad") }));
  assert.ok(line.endsWith("}\n") && line.indexOf("\n") === line.length - 1);
  const made = JSON.parse(line);
  assert.equal(made.message, "hello");
  assert.equal(made.asctime, "2026");
  assert.equal(made.levelname, "INFO");
  assert.equal(made.levelno, 20);
  assert.equal(made.msecs, 42);
  assert.equal(made.hostname, "host");
  assert.equal(made.error_summary, "Error: bad");
  assert.equal(made.traceback[0], "Error: bad");
  assert.equal(made.context.request_id, "req-1");
  assert.equal(made.context.project, "p");
  assert.deepEqual(made.extra, { status: 200 });
});

Deno.test("no other field of a context is written: a caller's token stays out", () => {
  const caller = { ...CONTEXT, token: "gAAAAA-secret" };
  assert.ok(!jsonFormatter("", "")(record({ context: caller })).includes("secret"));
  assert.ok(!formatter()(record({ context: caller })).includes("secret"));
});

const DATES: [string, string][] = [
  ["%Y-%m-%dT%H:%M:%S", "2026-11-04T13:06:57"],
  ["%y %e %I %p %j %a %A %b %B %w", "26  4 01 PM 308 Wed Wednesday Nov November 3"],
  ["%F %T %D %R %% %q", "2026-11-04 13:06:57 11/04/26 13:06 % %q"],
];
for (const [format, text] of DATES) {
  Deno.test(`strftime ${format}`, () => assert.equal(strftime(format, new Date(TIME)), text));
}

Deno.test("strftime: the zone", () => assert.match(strftime("%z", new Date(TIME)), /^[+-]\d{4}$/));

const MASKED: [string, string][] = [
  ["swift+https://acct%3Auser:key@auth/v3/c/o", "swift+https://****@auth/v3/c/o"],
  ["http://host/x@y", "http://host/x@y"],
  ["https://h/o?X-Amz-Signature=abc&x=1", "https://h/o?X-Amz-Signature=****&x=1"],
  ["https://h/o?temp_url_sig=abc", "https://h/o?temp_url_sig=****"],
  ["file:///var/lib", "file:///var/lib"],
  ["mysql+pymysql://u:p@ss@h/g", "mysql+pymysql://****@h/g"],
];
for (const [url, masked] of MASKED) {
  Deno.test(`mask ${url}`, () => {
    assert.equal(maskUrl(url), masked);
    assert.equal(maskText(`a ${url} b`), `a ${masked} b`);
  });
}

Deno.test("mask a token", () => {
});

Deno.test("levels by their words", () => {
  assert.deepEqual(["debug", "WARN", "warning", "FATAL", "x", ""].map(parseLevel), [
    "DEBUG",
    "WARNING",
    "WARNING",
    "CRITICAL",
    null,
    null,
  ]);
});

Deno.test("printable text is left alone, tabs too", () => {
  assert.equal(printable("a\tÄ b"), "a\tÄ b");
  assert.equal(printable("\u2028"), "\\u2028");
});

/** Heads of requests: what is taken, what is refused and how (RFC 9112, docs/limits.md). */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Head, headLength, type HeadLimits, parseHead, Refused } from "../../src/wire/head.ts";

const LIMITS: HeadLimits = { line: 200, head: 1000, fields: 10 };

function parse(text: string, limits = LIMITS): Head {
  const bytes = Buffer.from(text.replaceAll("\n", "\r\n"), "latin1");
  const length = headLength(bytes, limits);
  assert.equal(length, bytes.length, "the head is complete");
  return parseHead(bytes, limits);
}

function refusal(text: string, limits = LIMITS): number {
  try {
    parse(text, limits);
  } catch (error) {
    assert.ok(error instanceof Refused, String(error));
    assert.ok(error.message.length > 10);
    return error.status;
  }
  return 200;
}

Deno.test("what a head says", async (t) => {
  const none = { kind: "none" };
  const rows: [string, string, Partial<Head>][] = [
    ["GET", "GET /v2/images?a=b HTTP/1.1\nHost: glance:9292\n\n", {
      method: "GET",
      url: "http://glance:9292/v2/images?a=b",
      minor: 1,
      keepAlive: true,
      expectsContinue: false,
      framing: none as Head["framing"],
    }],
    ["names in lower case, values without blanks around", "GET / HTTP/1.1\nHOST:a\nX-A: \t b c \t\n\n", {
      fields: [["host", "a"], ["x-a", "b c"]],
    }],
    ["an empty value", "GET / HTTP/1.1\nhost: a\nx-a:\n\n", { fields: [["host", "a"], ["x-a", ""]] }],
    ["bytes above ASCII in a value", "GET / HTTP/1.1\nhost: a\nx-a: \xe9\n\n", {
      fields: [["host", "a"], ["x-a", "\xe9"]],
    }],
    ["a value whose last byte looks like a blank elsewhere", "GET / HTTP/1.1\nhost: a\nx-a: \xc3\xa0\n\n", {
      fields: [["host", "a"], ["x-a", "\xc3\xa0"]],
    }],
    ["the path as it was sent", "GET //a/../b%zz?x={y} HTTP/1.1\nhost: a\n\n", {
      url: "http://a//a/../b%zz?x={y}",
    }],
    ["UTF-8 in the target", "GET /?name=\xc3\xa9 HTTP/1.1\nhost: a\n\n", { url: "http://a/?name=é" }],
    ["an absolute target counts more than Host", "GET http://b:1/x HTTP/1.1\nhost: a\n\n", {
      url: "http://b:1/x",
      fields: [["host", "b:1"]],
    }],
    ["an absolute target without a path", "GET http://b?x HTTP/1.1\nhost: a\n\n", { url: "http://b/?x" }],
    ["OPTIONS *", "OPTIONS * HTTP/1.1\nhost: a\n\n", { url: "http://a/" }],
    ["an IPv6 host", "GET / HTTP/1.1\nhost: [::1]:9292\n\n", { url: "http://[::1]:9292/" }],
    ["a host with an underscore", "GET / HTTP/1.1\nhost: my_glance\n\n", { url: "http://my_glance/" }],
    ["HTTP/1.0 without Host", "GET /healthcheck HTTP/1.0\n\n", {
      minor: 0,
      keepAlive: false,
      url: "http://localhost/healthcheck",
    }],
    ["HTTP/1.0 that stays", "GET / HTTP/1.0\nconnection: Keep-Alive\n\n", { keepAlive: true }],
    ["HTTP/1.1 that goes", "GET / HTTP/1.1\nhost: a\nconnection: x, Close\n\n", { keepAlive: false }],
    ["any method", "BREW /v2/images HTTP/1.1\nhost: a\n\n", { method: "BREW" }],
    ["a length", "PUT / HTTP/1.1\nhost: a\ncontent-length: 12\n\n", {
      framing: { kind: "length", length: 12 },
    }],
    ["a length of nothing", "PUT / HTTP/1.1\nhost: a\ncontent-length: 0\n\n", {
      framing: none as Head["framing"],
    }],
    ["in chunks", "PUT / HTTP/1.1\nhost: a\ntransfer-encoding: Chunked\n\n", {
      framing: { kind: "chunked" },
    }],
    ["an expectation", "PUT / HTTP/1.1\nhost: a\nexpect: 100-Continue\n\n", { expectsContinue: true }],
    ["an expectation of HTTP/1.0", "PUT / HTTP/1.0\nexpect: 100-continue\n\n", { expectsContinue: false }],
  ];
  for (const [name, text, want] of rows) {
    await t.step(name, () => {
      const head = parse(text);
      for (const [key, value] of Object.entries(want)) assert.deepEqual(head[key as keyof Head], value);
    });
  }
});

/** Heads that are refused: shared with the test over real connections in words, not in code. */
Deno.test("what is refused", async (t) => {
  const get = (fields: string) => `GET / HTTP/1.1\nhost: a\n${fields}\n\n`;
  const put = (fields: string) => `PUT / HTTP/1.1\nhost: a\n${fields}\n\n`;
  const rows: [string, string, number][] = [
    ["length beside coding", put("content-length: 5\ntransfer-encoding: chunked"), 400],
    ["coding beside length", put("transfer-encoding: chunked\ncontent-length: 5"), 400],
    ["gzip, chunked", put("transfer-encoding: gzip, chunked"), 400],
    ["identity", put("transfer-encoding: identity"), 400],
    ["chunked twice", put("transfer-encoding: chunked\ntransfer-encoding: chunked"), 400],
    ["an empty coding", put("transfer-encoding:"), 400],
    ["coding in HTTP/1.0", "PUT / HTTP/1.0\ntransfer-encoding: chunked\n\n", 400],
    ["two lengths", put("content-length: 5\ncontent-length: 6"), 400],
    ["the same length twice", put("content-length: 5\ncontent-length: 5"), 400],
    ["a list of lengths", put("content-length: 5, 5"), 400],
    ["a signed length", put("content-length: +5"), 400],
    ["a negative length", put("content-length: -5"), 400],
    ["a hexadecimal length", put("content-length: 0x5"), 400],
    ["an empty length", put("content-length:"), 400],
    ["a length beyond all numbers", put("content-length: 99999999999999999999"), 400],
    ["no Host", "GET / HTTP/1.1\n\n", 400],
    ["two Hosts", get("host: b"), 400],
    ["two equal Hosts", get("host: a"), 400],
    ["an empty Host", "GET / HTTP/1.1\nhost:\n\n", 400],
    ["a Host with a path and a user", "GET / HTTP/1.1\nhost: a/b@c\n\n", 400],
    ["a Host that is a list", "GET / HTTP/1.1\nhost: a, b\n\n", 400],
    ["a Host with a blank", "GET / HTTP/1.1\nhost: a b\n\n", 400],
    ["a Host with a quote", 'GET / HTTP/1.1\nhost: a"b\n\n', 400],
    ["an absolute target with a user", "GET http://u@b/ HTTP/1.1\nhost: a\n\n", 400],
    ["a blank before the colon", get("x-a : b"), 400],
    ["a folded line", get("x-a: b\n c"), 400],
    ["a line without a colon", get("x-a"), 400],
    ["a line without a name", get(": b"), 400],
    ["NUL in a value", get("x-a: b\0c"), 400],
    ["a bare CR in a value", get("x-a: b\rc"), 400],
    ["two blanks in the first line", "GET  / HTTP/1.1\nhost: a\n\n", 400],
    ["no version", "GET /\nhost: a\n\n", 400],
    ["a version in small letters", "GET / http/1.1\nhost: a\n\n", 400],
    ["a target without a slash", "GET v2/images HTTP/1.1\nhost: a\n\n", 400],
    ["CONNECT", "CONNECT b:443 HTTP/1.1\nhost: a\n\n", 400],
    ["a control character in the target", "GET /\x01 HTTP/1.1\nhost: a\n\n", 400],
    ["a target that is not UTF-8", "GET /\xff HTTP/1.1\nhost: a\n\n", 400],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\n\n", 505],
    ["another expectation", put("expect: a-miracle"), 417],
    ["a long target", `GET /${"a".repeat(200)} HTTP/1.1\nhost: a\n\n`, 414],
    ["a long field", get(`x-a: ${"a".repeat(200)}`), 431],
    ["many fields", get(Array(11).fill("x: y").join("\n")), 431],
    ["a large head", get(Array(9).fill(`x: ${"y".repeat(150)}`).join("\n")), 431],
  ];
  for (const [name, text, status] of rows) {
    await t.step(`${name} → ${status}`, () => assert.equal(refusal(text), status));
  }
});

Deno.test("a head that has not come to its end is waited for, up to its bound", () => {
  const part = (text: string) => headLength(Buffer.from(text), LIMITS);
  assert.equal(part("GET / HTTP/1.1\r\nhost: a\r\n"), null);
  assert.equal(part("GET / HTTP/1.1\r\nhost: a\r\n\r\nrest"), 27);
  const status = (text: string) => {
    try {
      return part(text);
    } catch (error) {
      return (error as Refused).status;
    }
  };
  assert.equal(status(`GET / HTTP/1.1\r\nx: ${"a".repeat(1000)}`), 431);
  assert.equal(status(`GET /${"a".repeat(1000)}`), 414);
});

Deno.test("without max_header_line the bound of the head is that of a line", () => {
  assert.equal(refusal(`GET / HTTP/1.1\nhost: a\nx: ${"a".repeat(900)}\n\n`, { ...LIMITS, line: 0 }), 200);
});

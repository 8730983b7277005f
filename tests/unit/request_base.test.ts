/** Who the client is behind a proxy (docs/reference/auth-and-middleware.md §6); scheme and host are with the middleware. */
import assert from "node:assert/strict";
import { requestBase } from "../../src/http/env.ts";

const ROWS: [name: string, headers: Record<string, string>, client: string][] = [
  ["nothing", {}, "10.0.0.1"],
  ["X-Forwarded-For is taken whole", { "x-forwarded-for": "192.0.2.1, 10.0.0.9" }, "192.0.2.1, 10.0.0.9"],
  ["Forwarded: its first element", { forwarded: "for=192.0.2.7, for=10.0.0.9" }, "192.0.2.7"],
  ["Forwarded beats it", { forwarded: "for=192.0.2.7", "x-forwarded-for": "192.0.2.1" }, "192.0.2.7"],
  [
    "Forwarded without for hides it",
    { forwarded: "proto=https", "x-forwarded-for": "192.0.2.1" },
    "10.0.0.1",
  ],
];

for (const [name, headers, client] of ROWS) {
  Deno.test(`the client's address: ${name}`, () => {
    const request = new Request("http://img/", { headers });
    assert.equal(requestBase(request, "10.0.0.1", true).client, client);
    assert.equal(requestBase(request, "10.0.0.1", false).client, "10.0.0.1", "when no proxy is trusted");
  });
}

Deno.test("the host of links is one, or the request is refused", async (t) => {
  const rows: [string, Record<string, string>, string | null][] = [
    ["Host", { host: "img:9292" }, "img:9292"],
    ["an address with brackets", { host: "[2001:db8::1]:9292" }, "[2001:db8::1]:9292"],
    ["a Host with a path and a user", { host: "a/b@c" }, null],
    ["an empty Host", { host: "" }, null],
    ["X-Forwarded-Host", { host: "img", "x-forwarded-host": "cloud.example.org" }, "cloud.example.org"],
    ["of several proxies", { host: "img", "x-forwarded-host": "one.example.org, two" }, "one.example.org"],
    ["X-Forwarded-Host with a path", { host: "img", "x-forwarded-host": "a/b" }, null],
    ["Forwarded with a blank", { host: "img", forwarded: 'host="a b"' }, null],
  ];
  for (const [name, headers, want] of rows) {
    await t.step(name, () => {
      const host = () => requestBase(new Request("http://img/", { headers }), "10.0.0.1", true).host;
      if (want === null) assert.throws(host, /is not a name or address with a port/);
      else assert.equal(host(), want);
    });
  }
});

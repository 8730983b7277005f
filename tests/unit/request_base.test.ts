/** Who the client is behind a proxy (spec/auth-and-middleware.md §6); scheme and host are with the middleware. */
import assert from "node:assert/strict";
import { requestBase } from "../../src/http/request_base.ts";

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

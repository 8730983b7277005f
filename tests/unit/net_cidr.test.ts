import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { readNetworks } from "../../src/net/cidr.ts";

const CASES: [string[], string, boolean][] = [
  [[], "127.0.0.1", false],
  [["127.0.0.1"], "127.0.0.1", true],
  [["127.0.0.1"], "127.0.0.2", false],
  [[" 10.0.0.0/8 "], "10.255.0.1", true],
  [["10.0.0.0/8", "192.168.0.0/16"], "192.168.1.1", true],
  [["0.0.0.0/0"], "203.0.113.9", true],
  [["0.0.0.0/0"], "::1", false],
  [["::/0"], "127.0.0.1", false],
  [["::1"], "::1", true],
  [["::1"], "0:0:0:0:0:0:0:1", true],
  [["2001:db8::/32"], "2001:db8:1::1", true],
  [["2001:db8::/32"], "2001:db9::1", false],
  [["127.0.0.0/8"], "::ffff:127.9.9.9", true],
  [["::ffff:10.0.0.0/104"], "10.1.1.1", true],
  [["::ffff:10.0.0.1"], "10.0.0.1", true],
  [["10.0.0.0/8"], "localhost", false],
  [["10.0.0.0/8"], "", false],
];
for (const [networks, address, expected] of CASES) {
  Deno.test(`${address || "nothing"} is ${expected ? "" : "not "}in [${networks.join(", ")}]`, () => {
    assert.equal(readNetworks(networks, "test")(address), expected);
  });
}

for (const text of ["", "localhost", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8"]) {
  Deno.test(`"${text}" is no network`, () => {
    assert.throws(
      () => readNetworks([text], "[oneglance] identity_headers_from"),
      (error) => isError(error, "config") && error.message.includes("identity_headers_from"),
    );
  });
}

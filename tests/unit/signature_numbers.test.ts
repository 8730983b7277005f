/** What strangers' DSA keys and signatures may hold. */
import assert from "node:assert/strict";
import { leftmost, signaturePair, verifyDsa } from "../../src/signatures/dsa.ts";

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

Deno.test("a pair of numbers in DER, and what is none", () => {
  const rows: [name: string, hex: string, pair: [bigint, bigint]][] = [
    ["two numbers", "3006020105020107", [5n, 7n]],
    ["with a sign bit", "300702020085020107", [0x85n, 7n]],
    ["something behind it", "300602010502010700", [0n, 0n]],
    ["three numbers", "3009020105020107020107", [0n, 0n]],
    ["one number", "3003020105", [0n, 0n]],
    ["a negative number", "3006020185020107", [0n, 0n]],
    ["cut off", "30060201050201", [0n, 0n]],
    ["no sequence", "0201050201", [0n, 0n]],
    ["nothing", "", [0n, 0n]],
  ];
  for (const [name, hex, pair] of rows) assert.deepEqual(signaturePair(bytes(hex)), pair, name);
});

Deno.test("DSA: a right signature, wrong ones, and an order that is no prime", () => {
  // p = 23, q = 11, g = 4, the secret 3, so y = 18; with the one-time number 3 for the digest 5: r = 7, s = 5.
  const key = { p: 23n, q: 11n, g: 4n, y: 18n };
  // The digest's four highest bits count.
  assert.equal(leftmost(bytes("5f"), 11n), 5n);
  const verify = (hex: string, digest = "5f", more = {}) =>
    verifyDsa({ ...key, ...more }, bytes(digest), bytes(hex));
  assert.equal(verify("3006020107020105"), true);
  assert.equal(verify("3006020107020106"), false);
  assert.equal(verify("3006020107020105", "6f"), false);
  assert.equal(verify("3006020107020100"), false);
  assert.equal(verify("300602010702010b"), false);
  assert.throws(() => verify("3006020107020105", "5f", { q: 10n }), /does not exist/);
});

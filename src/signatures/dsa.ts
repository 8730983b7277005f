/** DSA (FIPS 186-4 §4.7). */
import { DER } from "@noble/curves/abstract/der.js";
import { invert, pow } from "@noble/curves/abstract/modular.js";
import { toInteger } from "./der.ts";

/** Whether the DER `signature` belongs to data with this digest. */
export function verifyDsa(
  { p, q, g, y }: { p: bigint; q: bigint; g: bigint; y: bigint },
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const [r, s] = signaturePair(signature);
  if (r <= 0n || r >= q || s <= 0n || s >= q) return false;
  const w = invert(s, q);
  const u1 = leftmost(digest, q) * w % q;
  const u2 = r * w % q;
  return pow(g, u1, p) * pow(y, u2, p) % p % q === r;
}

/** Reads `SEQUENCE { INTEGER r, INTEGER s }`; returns zeros, which no signature has, for anything else. */
export function signaturePair(signature: Uint8Array): [r: bigint, s: bigint] {
  try {
    const { r, s } = DER.toSig(signature);
    return [r, s];
  } catch {
    return [0n, 0n];
  }
}

/** Returns the leftmost bits of the digest, as many as the order has. */
export function leftmost(digest: Uint8Array, order: bigint): bigint {
  const surplus = digest.length * 8 - order.toString(2).length;
  const value = toInteger(digest);
  return surplus > 0 ? value >> BigInt(surplus) : value;
}

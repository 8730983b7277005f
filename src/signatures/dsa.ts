/** DSA (FIPS 186-4 §4.7). */
import { integerOf, readDer, sequenceOf, toInteger } from "./der.ts";
import { inverse, power } from "./modular.ts";

/** Whether `signature`, DER, is that of data with this digest. */
export function verifyDsa(
  { p, q, g, y }: { p: bigint; q: bigint; g: bigint; y: bigint },
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const [r, s] = signaturePair(signature);
  if (r <= 0n || r >= q || s <= 0n || s >= q) return false;
  const w = inverse(s, q);
  const u1 = leftmost(digest, q) * w % q;
  const u2 = r * w % q;
  return power(g, u1, p) * power(y, u2, p) % p % q === r;
}

/** `SEQUENCE { INTEGER r, INTEGER s }`; zeros, which no signature has, when it is not that. */
export function signaturePair(signature: Uint8Array): [r: bigint, s: bigint] {
  try {
    const outer = readDer(signature);
    const [r, s, more] = sequenceOf(outer[0]);
    if (outer.length === 1 && more === undefined) return [integerOf(r), integerOf(s)];
  } catch {
    // No DER.
  }
  return [0n, 0n];
}

/** As many bits of the digest as the order has. */
export function leftmost(digest: Uint8Array, order: bigint): bigint {
  const surplus = digest.length * 8 - order.toString(2).length;
  const value = toInteger(digest);
  return surplus > 0 ? value >> BigInt(surplus) : value;
}

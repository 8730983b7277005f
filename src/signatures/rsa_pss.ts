/** RSASSA-PSS (RFC 8017 §8.1.2) with MGF1 of the same hash and the longest salt, as glance's clients sign. */
import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { pow } from "@noble/curves/abstract/modular.js";
import { toInteger } from "./der.ts";

/** Whether `signature` belongs to data with this digest. Own code, because runtimes accept different salt lengths. */
export function verifyRsaPss(
  { n, e }: { n: bigint; e: bigint },
  algorithm: string,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const bits = n.toString(2).length - 1;
  const length = Math.ceil(bits / 8);
  const size = Math.ceil((bits + 1) / 8);
  const value = toInteger(signature);
  if (signature.length !== size || value >= n) return false;
  const opened = pow(value, e, n);
  if (opened >> BigInt(length * 8) !== 0n) return false;
  const encoded = Buffer.from(opened.toString(16).padStart(length * 2, "0"), "hex");
  return matches(encoded, bits, algorithm, digest);
}

/** EMSA-PSS-VERIFY (RFC 8017 §9.1.2). */
function matches(encoded: Uint8Array, bits: number, algorithm: string, digest: Uint8Array): boolean {
  const salt = encoded.length - digest.length - 2;
  if (salt < 0 || encoded.at(-1) !== 0xbc) return false;
  const masked = encoded.subarray(0, salt + 1);
  const hash = encoded.subarray(salt + 1, -1);
  const spare = 8 * encoded.length - bits;
  if (masked[0]! >> (8 - spare)) return false;
  const mask = mgf1(algorithm, hash, masked.length);
  const block = Uint8Array.from(masked, (byte, index) => byte ^ mask[index]!);
  block[0]! &= 0xff >> spare;
  // The longest salt leaves no padding, so the 1 that ends the padding is the first byte.
  if (block[0] !== 1) return false;
  const expected = createHash(algorithm).update(new Uint8Array(8)).update(digest).update(block.subarray(1))
    .digest();
  return timingSafeEqual(hash, expected);
}

function mgf1(algorithm: string, seed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(length);
  const counter = new DataView(new ArrayBuffer(4));
  for (let at = 0, count = 0; at < length; count++) {
    counter.setUint32(0, count);
    const part = createHash(algorithm).update(seed).update(new Uint8Array(counter.buffer)).digest();
    mask.set(part.subarray(0, Math.min(part.length, length - at)), at);
    at += part.length;
  }
  return mask;
}

/** ECDSA on binary curves, which neither the runtime nor our packages have. Only verification: nothing here is secret. */
import { invert } from "@noble/curves/abstract/modular.js";
import { type BinaryField, makeBinaryField } from "./binary_field.ts";
import type { BinaryCurve } from "./binary_curves.ts";
import { toInteger } from "./der.ts";
import { leftmost, signaturePair } from "./dsa.ts";

/** x and y; null is the point at infinity. */
type Affine = { x: bigint; y: bigint } | null;

/** López-Dahab coordinates: x = X/Z, y = Y/Z²; Z = 0 is the point at infinity. */
interface Projective {
  x: bigint;
  y: bigint;
  z: bigint;
}

/** Bits to process before other work on the event loop may run: about 20 ms. */
const STRIDE = 32;

/** Whether the DER `signature` belongs to data with this digest; `point` is the uncompressed public key. */
export async function verifyBinaryEcdsa(
  curve: BinaryCurve,
  point: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { n } = curve;
  const field = makeBinaryField(curve.m, curve.terms);
  const key = decodePoint(curve, field, point);
  const [r, s] = signaturePair(signature);
  if (r <= 0n || r >= n || s <= 0n || s >= n) return false;
  const w = invert(s, n);
  const u1 = leftmost(digest, n) * w % n;
  const u2 = r * w % n;
  const sum = await combine(curve, field, u1, u2, key);
  return sum !== null && sum.x % n === r;
}

/** Returns the coordinates of a point. Throws when it is not on the curve. */
function decodePoint(curve: BinaryCurve, field: BinaryField, bytes: Uint8Array): { x: bigint; y: bigint } {
  const size = Math.ceil(curve.m / 8);
  if (bytes[0] !== 4 || bytes.length !== 1 + 2 * size) throw new Error("its point is not uncompressed");
  const x = toInteger(bytes.subarray(1, 1 + size));
  const y = toInteger(bytes.subarray(1 + size));
  const { square, multiply } = field;
  const right = multiply(square(x), x ^ curve.a) ^ curve.b;
  const inField = x >> BigInt(curve.m) === 0n && y >> BigInt(curve.m) === 0n;
  if (!inField || (square(y) ^ multiply(x, y)) !== right) throw new Error("its point is not on the curve");
  return { x, y };
}

/** Returns u1·G + u2·Q, computed together from the highest bit on. */
async function combine(
  curve: BinaryCurve,
  field: BinaryField,
  u1: bigint,
  u2: bigint,
  key: { x: bigint; y: bigint },
): Promise<Affine> {
  const base = { x: curve.x, y: curve.y };
  const both = toAffine(field, addTo(curve, field, { ...base, z: 1n }, key));
  const length = Math.max(u1.toString(2).length, u2.toString(2).length);
  const [bits1, bits2] = [u1, u2].map((u) => u.toString(2).padStart(length, "0"));
  let sum: Projective = { x: 1n, y: 0n, z: 0n };
  for (let at = 0; at < length; at++) {
    sum = double(curve, field, sum);
    const [one, two] = [bits1![at] === "1", bits2![at] === "1"];
    if (one || two) sum = addTo(curve, field, sum, one && two ? both : one ? base : key);
    if (at % STRIDE === STRIDE - 1) await new Promise((resolve) => setTimeout(resolve));
  }
  return toAffine(field, sum);
}

function toAffine({ multiply, square, invert }: BinaryField, { x, y, z }: Projective): Affine {
  if (z === 0n) return null;
  const inverted = invert(z);
  return { x: multiply(x, inverted), y: multiply(y, square(inverted)) };
}

function double({ a, b }: BinaryCurve, { multiply, square }: BinaryField, p: Projective): Projective {
  if (p.z === 0n) return p;
  const x2 = square(p.x);
  const z2 = square(p.z);
  const bz4 = multiply(b, square(z2));
  const z = multiply(x2, z2);
  const x = square(x2) ^ bz4;
  const y = multiply(bz4, z) ^ multiply(x, (a === 0n ? 0n : z) ^ square(p.y) ^ bz4);
  return { x, y, z };
}

function addTo(curve: BinaryCurve, field: BinaryField, p: Projective, q: Affine): Projective {
  const { multiply, square } = field;
  if (q === null) return p;
  if (p.z === 0n) return { ...q, z: 1n };
  const a = p.y ^ multiply(q.y, square(p.z));
  const b = p.x ^ multiply(q.x, p.z);
  if (b === 0n) return a === 0n ? double(curve, field, { ...q, z: 1n }) : { x: 1n, y: 0n, z: 0n };
  const c = multiply(p.z, b);
  const z = square(c);
  const d = multiply(q.x, z);
  const x = square(a) ^ multiply(c, a ^ square(b) ^ (curve.a === 0n ? 0n : c));
  const y = multiply(d ^ x, multiply(a, c) ^ z) ^ multiply(q.y ^ q.x, square(z));
  return { x, y, z };
}

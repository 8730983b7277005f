/** Reads the public key of an X.509 certificate. Nova checks validity and trust (docs/reference/background-jobs.md §9). */
import { Buffer } from "node:buffer";
import { bitsOf, type DerElement, integerOf, oidOf, readDer, sequenceOf, TAG } from "./der.ts";

export type PublicKey =
  | { kind: "rsa"; n: bigint; e: bigint }
  | { kind: "dsa"; p: bigint; q: bigint; g: bigint; y: bigint }
  /** `curve` null: a curve that signatures of images cannot use. */
  | { kind: "ec"; curve: Curve | null; point: Uint8Array };

export type Curve = "secp384r1" | "secp521r1" | "sect409k1" | "sect409r1" | "sect571k1" | "sect571r1";

const CURVES: Record<string, Curve> = {
  "1.3.132.0.34": "secp384r1",
  "1.3.132.0.35": "secp521r1",
  "1.3.132.0.36": "sect409k1",
  "1.3.132.0.37": "sect409r1",
  "1.3.132.0.38": "sect571k1",
  "1.3.132.0.39": "sect571r1",
};

const RSA = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"];
const DSA = "1.2.840.10040.4.1";
const EC = "1.2.840.10045.2.1";

/** Largest number in a key: larger ones would make a verification too expensive. */
const MAX_BITS = 8192;

/** Returns the key of a certificate, PEM or DER. Throws when it is not a certificate, or its key has another kind or is too large. */
export function publicKeyOf(certificate: Uint8Array): PublicKey {
  const [outer] = readDer(fromPem(certificate));
  const fields = sequenceOf(sequenceOf(outer)[0]);
  // The version is the first field, and is optional.
  const [algorithm, key] = sequenceOf(fields[fields[0]?.tag === 0xa0 ? 6 : 5]);
  const [oid, parameters] = sequenceOf(algorithm);
  return keyOf(oidOf(oid), parameters, bitsOf(key));
}

function keyOf(oid: string, parameters: DerElement | undefined, bits: Uint8Array): PublicKey {
  if (RSA.includes(oid)) {
    const [n, e] = sequenceOf(readDer(bits)[0]).map(integerOf);
    return { kind: "rsa", n: bounded(n!, MAX_BITS), e: bounded(e!, 64) };
  }
  if (oid === DSA) {
    const [p, q, g] = sequenceOf(parameters).map(integerOf);
    const [y] = readDer(bits).map(integerOf);
    const [prime, order] = [bounded(p!, MAX_BITS), bounded(q!, 512)];
    return { kind: "dsa", p: prime, q: order, g: bounded(g!, MAX_BITS), y: bounded(y!, MAX_BITS) };
  }
  if (oid === EC) {
    const curve = parameters?.tag === TAG.oid ? CURVES[oidOf(parameters)] ?? null : null;
    return { kind: "ec", curve, point: bits };
  }
  throw new Error("its key is neither RSA nor DSA nor EC");
}

function bounded(value: bigint | undefined, bits: number): bigint {
  if (value === undefined || value < 2n || value >> BigInt(bits) !== 0n) {
    throw new Error("a number of its key is out of bounds");
  }
  return value;
}

/** Returns the first certificate of a PEM text; other bytes unchanged. */
function fromPem(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === TAG.sequence) return bytes;
  const text = new TextDecoder().decode(bytes);
  const [, base64] = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(text) ??
    [];
  if (base64 === undefined) throw new Error("it is neither PEM nor DER");
  return new Uint8Array(Buffer.from(base64, "base64"));
}

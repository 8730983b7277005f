import { p384, p521 } from "@noble/curves/nist.js";
import { BINARY_CURVES } from "./binary_curves.ts";
import { verifyBinaryEcdsa } from "./binary_ecdsa.ts";
import { verifyDsa } from "./dsa.ts";
import type { PublicKey } from "./public_key.ts";
import { verifyRsaPss } from "./rsa_pss.ts";

const PRIME_CURVES = { secp384r1: p384, secp521r1: p521 };
/** Accepts signatures with the larger `s` too, as X9.62 does. */
const OPTIONS = { prehash: false, lowS: false, format: "der" } as const;

/** Whether `signature` belongs to data with this digest of `algorithm` (node:crypto name). Throws when the key is not usable. */
export async function verifyDigest(
  key: PublicKey,
  algorithm: string,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (key.kind === "rsa") return verifyRsaPss(key, algorithm, digest, signature);
  if (key.kind === "dsa") return verifyDsa(key, digest, signature);
  if (key.curve === "secp384r1" || key.curve === "secp521r1") {
    return PRIME_CURVES[key.curve].verify(signature, digest, key.point, OPTIONS);
  }
  const curve = key.curve === null ? undefined : BINARY_CURVES[key.curve];
  if (!curve) throw new Error("its curve is not supported");
  return await verifyBinaryEcdsa(curve, key.point, digest, signature);
}

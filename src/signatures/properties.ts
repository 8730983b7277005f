/** The properties of a signed image (docs/reference/background-jobs.md §9). */
import { Buffer } from "node:buffer";
import type { ImageRecord } from "../../db/records.ts";
import type { PublicKey } from "./public_key.ts";

/** The signature that the properties of an image declare. */
export interface SignatureRequest {
  signature: Uint8Array;
  /** node:crypto name. */
  algorithm: string;
  keyType: string;
  certificate: string;
}

const HASHES: Record<string, string> = {
  "SHA-224": "sha224",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

const KEY_TYPES: Record<string, (key: PublicKey) => boolean> = {
  "RSA-PSS": (key) => key.kind === "rsa",
  DSA: (key) => key.kind === "dsa",
  ...Object.fromEntries(
    ["sect571k1", "sect409k1", "sect571r1", "sect409r1", "secp521r1", "secp384r1"].map((curve) => [
      `ECC_${curve.toUpperCase()}`,
      (key: PublicKey) => key.kind === "ec" && key.curve === curve,
    ]),
  ),
};

/** The declared signature; null unless all four properties exist. Throws an Error that says what is wrong with them. */
export function readSignature({ properties }: Pick<ImageRecord, "properties">): SignatureRequest | null {
  const [signature, hash, keyType, certificate] = [
    properties.img_signature,
    properties.img_signature_hash_method,
    properties.img_signature_key_type,
    properties.img_signature_certificate_uuid,
  ];
  if (signature == null || hash == null || keyType == null || certificate == null) return null;
  const algorithm = Object.hasOwn(HASHES, hash)
    ? HASHES[hash]!
    : wrong("img_signature_hash_method", hash, HASHES);
  if (!Object.hasOwn(KEY_TYPES, keyType)) wrong("img_signature_key_type", keyType, KEY_TYPES);
  const plain = signature.replace(/\s/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain) || plain === "") {
    throw new Error("The signature data was not properly encoded using base64.");
  }
  // Becomes the name of a file and a part of a URL, so nothing else is accepted.
  if (!/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(certificate)) {
    throw new Error("img_signature_certificate_uuid is not a UUID.");
  }
  return { signature: new Uint8Array(Buffer.from(plain, "base64")), algorithm, keyType, certificate };
}

function wrong(name: string, value: string, known: Record<string, unknown>): never {
  throw new Error(`Invalid ${name} '${value.slice(0, 40)}': use ${Object.keys(known).join(", ")}.`);
}

/** Whether a key has the type that the image declares. */
export function isOfType(key: PublicKey, keyType: string): boolean {
  return KEY_TYPES[keyType]!(key);
}

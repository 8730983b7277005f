/** Verifies the data of signed images (docs/reference/background-jobs.md §9). */
import { p384, p521 } from "@noble/curves/nist.js";
import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { type ErrorOptions, fail } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { errorText } from "../util/error_text.ts";
import { HASHING_ALGORITHM, nodeAlgorithm } from "../util/hash_algorithm.ts";
import { hashFile } from "../util/hash_pool.ts";
import { BINARY_CURVES } from "./binary_curves.ts";
import { verifyBinaryEcdsa } from "./binary_ecdsa.ts";
import { findCertificate } from "./certificates.ts";
import { verifyDsa } from "./dsa.ts";
import { type PublicKey, publicKeyOf } from "./public_key.ts";
import { verifyRsaPss } from "./rsa_pss.ts";

const log = getLog("oneglance.signatures");

type Signed = Pick<ImageRecord, "id" | "properties">;

/** The data was not read and will not be read. */
const UNREAD: ErrorOptions = { close: true };

/** One image's signature, ready to be compared with its data. */
interface SignatureVerifier {
  /** The hash to compare, a node:crypto name. */
  readonly algorithm: string;
  /** Returns the same bytes, hashed while they pass, unless `computed` (a name of hashing_algorithm) is the same hash. */
  watch(body: ReadableStream<Uint8Array>, computed: string): ReadableStream<Uint8Array>;
  /** Compares after all bytes have passed; `digest` is that of `computed`. Errors: bad_request. */
  check(digest: string): Promise<void>;
}

/**
 * Returns the verifier of an image; null when its properties declare no signature. Fetches the certificate first, so
 * that no data is read when the certificate is missing or unsuitable. Errors: bad_request.
 */
export async function signatureVerifier(ctx: Ctx, image: Signed): Promise<SignatureVerifier | null> {
  const prepared = await prepare(ctx, image);
  if (prepared === null) return null;
  const { algorithm } = prepared.request;
  let hash: Hash | null = null;
  return {
    algorithm,
    watch(body, computed) {
      if (nodeAlgorithm(computed, HASHING_ALGORITHM) === algorithm) return body;
      hash = createHash(algorithm);
      return hashing(body, hash);
    },
    check: (digest) => compare(image, prepared, hash?.digest("hex") ?? digest),
  };
}

/** Verifies a file that holds the data of an image; does nothing for an unsigned image. Errors: bad_request. */
export async function verifyFile(ctx: Ctx, image: Signed, path: string): Promise<void> {
  const prepared = await prepare(ctx, image);
  if (prepared === null) return;
  const [digest] = await hashFile(path, [prepared.request.algorithm]);
  await compare(image, prepared, digest!);
}

interface Prepared {
  request: SignatureRequest;
  key: PublicKey;
}

async function prepare(ctx: Ctx, image: Signed): Promise<Prepared | null> {
  let request: SignatureRequest | null;
  try {
    request = readSignature(image);
  } catch (error) {
    return refuse(image, error, UNREAD);
  }
  if (request === null) return null;
  const { certificate, keyType } = request;
  let key: PublicKey;
  try {
    key = publicKeyOf(await findCertificate(ctx, certificate));
  } catch (error) {
    return refuse(image, `The certificate ${certificate} cannot be used: ${errorText(error)}`, {
      cause: error,
      ...UNREAD,
    });
  }
  if (!isOfType(key, keyType)) {
    refuse(image, `The key of the certificate ${certificate} is not of the type ${keyType}.`, UNREAD);
  }
  return { request, key };
}

async function compare(image: Signed, { request, key }: Prepared, digest: string): Promise<void> {
  const { algorithm, signature, certificate } = request;
  let right: boolean;
  try {
    right = await verifyDigest(key, algorithm, Buffer.from(digest, "hex"), signature);
  } catch (error) {
    return refuse(image, `The certificate ${certificate} cannot be used: ${errorText(error)}`, {
      cause: error,
    });
  }
  if (!right) refuse(image, "The signature does not match the data.");
  log.info(`the signature of image ${image.id} is valid`);
}

/** Returns the same bytes, hashed while they pass. */
function hashing(body: ReadableStream<Uint8Array>, hash: Hash): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      hash.update(value);
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function refuse(image: Signed, why: unknown, options: ErrorOptions = {}): never {
  const text = `Signature verification failed for image ${image.id}: ${errorText(why)}`;
  log.warn(text);
  return fail("bad_request", text, options);
}

/** The signature that the properties of an image declare. */
interface SignatureRequest {
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

/** Returns the declared signature; null unless all four properties exist. Throws an Error that names the invalid property. */
function readSignature({ properties }: Pick<ImageRecord, "properties">): SignatureRequest | null {
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
  // The value becomes the name of a file and a part of a URL, so only a UUID is accepted.
  if (!/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(certificate)) {
    throw new Error("img_signature_certificate_uuid is not a UUID.");
  }
  return { signature: new Uint8Array(Buffer.from(plain, "base64")), algorithm, keyType, certificate };
}

function wrong(name: string, value: string, known: Record<string, unknown>): never {
  throw new Error(`Invalid ${name} '${value.slice(0, 40)}': use ${Object.keys(known).join(", ")}.`);
}

/** Whether a key has the type that the image declares. */
function isOfType(key: PublicKey, keyType: string): boolean {
  return KEY_TYPES[keyType]!(key);
}

const PRIME_CURVES = { secp384r1: p384, secp521r1: p521 };
/** Accepts signatures with the larger `s` too, as X9.62 does. */
const OPTIONS = { prehash: false, lowS: false, format: "der" } as const;

/** Whether `signature` belongs to data with this digest of `algorithm` (node:crypto name). Throws when the key is not usable. */
async function verifyDigest(
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

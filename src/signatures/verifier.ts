/** Verifies the data of signed images (docs/reference/background-jobs.md §9). */
import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { type ErrorOptions, fail } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { errorText } from "../util/error_text.ts";
import { hashFile } from "../util/hash_file.ts";
import { HASHING_ALGORITHM, nodeAlgorithm } from "../util/hash_algorithm.ts";
import { findCertificate } from "./certificates.ts";
import { isOfType, readSignature, type SignatureRequest } from "./properties.ts";
import { type PublicKey, publicKeyOf } from "./public_key.ts";
import { verifyDigest } from "./verify_digest.ts";

const log = getLog("oneglance.signatures");

type Signed = Pick<ImageRecord, "id" | "properties">;

/** The data was not read and will not be read. */
const UNREAD: ErrorOptions = { close: true };

/** One image's signature, ready to be compared with its data. */
interface SignatureVerifier {
  /** The hash that is compared, a node:crypto name. */
  readonly algorithm: string;
  /** The same bytes, hashed as they pass unless `computed` (a name of hashing_algorithm) is the same hash. */
  watch(body: ReadableStream<Uint8Array>, computed: string): ReadableStream<Uint8Array>;
  /** Compares after all bytes have passed; `digest` is that of `computed`. Errors: bad_request. */
  check(digest: string): Promise<void>;
}

/**
 * The verifier of an image; null when its properties do not ask for one. Fetches the certificate first, so that data
 * is not read when the certificate is missing or unsuitable. Errors: bad_request.
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

/** The same bytes, hashed as they pass. */
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

import { fail } from "../errors.ts";

/** Name of the option of the algorithm of new data, for errors. */
export const HASHING_ALGORITHM = "Option hashing_algorithm";

/** Names of Python's hashlib, the values of `hashing_algorithm` and `os_hash_algo`, and node:crypto's names for them. */
const NODE_NAMES = new Map([
  ["md5", "md5"],
  ["sha1", "sha1"],
  ["sha224", "sha224"],
  ["sha256", "sha256"],
  ["sha384", "sha384"],
  ["sha512", "sha512"],
  ["sha512_224", "sha512-224"],
  ["sha512_256", "sha512-256"],
  ["sha3_224", "sha3-224"],
  ["sha3_256", "sha3-256"],
  ["sha3_384", "sha3-384"],
  ["sha3_512", "sha3-512"],
  ["blake2b", "blake2b512"],
  ["blake2s", "blake2s256"],
  ["ripemd160", "ripemd160"],
  ["sm3", "sm3"],
]);

const KNOWN = new Set(NODE_NAMES.values());

/**
 * The node:crypto name of a hash, from its name in hashlib or in node:crypto. `shake_128` and `shake_256` are left out:
 * their length is not fixed, and glance cannot use them either.
 * @param field the option or property with the name, for the error
 * @throws GlanceError `bad_request`
 */
export function nodeAlgorithm(name: string, field: string): string {
  const lower = name.trim().toLowerCase();
  if (KNOWN.has(lower)) return lower;
  return NODE_NAMES.get(lower.replaceAll("-", "_")) ??
    fail("bad_request", `${field}: unknown hash algorithm '${name}'`);
}

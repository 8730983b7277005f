/** Hashes given along with a location in a PATCH (docs/reference/images-api.md §5.6). */
import type { ImageRecord } from "../../db/records.ts";
import { fail } from "../errors.ts";
import type { ValidationData } from "./draft.ts";

/** Hexadecimal digits of a digest. */
export const DIGEST_LENGTHS: Record<string, number> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** The data, checked against the image and the configured algorithm. Errors: conflict. */
export function checkValidationData(
  image: ImageRecord,
  data: ValidationData,
  algorithm: string,
): void {
  if (image.status !== "queued") {
    for (const name of ["checksum", "os_hash_algo", "os_hash_value"] as const) {
      const value = data[name];
      if (value !== undefined && value !== image[name]) {
        fail("conflict", `${name} may not be set on an existing image, and must equal what it has.`);
      }
    }
    return;
  }
  if (data.os_hash_algo !== algorithm) {
    fail("conflict", `os_hash_algo must be ${algorithm}, not ${data.os_hash_algo}`);
  }
  if (data.checksum !== undefined) requireHex("checksum", data.checksum, DIGEST_LENGTHS.md5!);
  requireHex("os_hash_value", data.os_hash_value, DIGEST_LENGTHS[algorithm] ?? data.os_hash_value.length);
}

function requireHex(name: string, value: string, length: number): void {
  if (value.length !== length) {
    fail("conflict", `${name} is not the correct size: ${length} digits are expected.`);
  }
  if (!/^[0-9a-fA-F]+$/.test(value)) fail("conflict", `${name} is not a valid hexadecimal value.`);
}

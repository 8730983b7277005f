/** Location URLs at rest under `metadata_encryption_key` (docs/reference/data-model.md §4). */
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { fail } from "../src/errors.ts";

const BLOCK = 16;
const MODES: Record<number, string> = { 16: "aes-128-cbc", 24: "aes-192-cbc", 32: "aes-256-cbc" };

interface LocationCipher {
  encrypt(url: string): string;
  /** Clear text is passed through: parallel imports and old rows are not encrypted. Errors: database, for another key. */
  decrypt(stored: string): string;
}

/** Errors: config, when the key has another length than 16, 24 or 32 bytes. */
export function locationCipher(key: string): LocationCipher {
  const bytes = new TextEncoder().encode(key);
  const mode = MODES[bytes.length];
  if (!mode) {
    fail("config", `metadata_encryption_key must have 16, 24 or 32 bytes, it has ${bytes.length}.`);
  }
  return {
    encrypt(url) {
      const iv = randomBytes(BLOCK);
      const cipher = createCipheriv(mode, bytes, iv).setAutoPadding(false);
      const text = pad(new TextEncoder().encode(url));
      return urlSafe(Buffer.concat([iv, cipher.update(text), cipher.final()]).toString("base64"));
    },
    decrypt(stored) {
      if (stored.includes("://")) return stored;
      const raw = Buffer.from(stored.replaceAll("-", "+").replaceAll("_", "/"), "base64");
      if (raw.length < 2 * BLOCK || raw.length % BLOCK !== 0) unreadable();
      const decipher = createDecipheriv(mode, bytes, raw.subarray(0, BLOCK)).setAutoPadding(false);
      const text = Buffer.concat([decipher.update(raw.subarray(BLOCK)), decipher.final()]);
      const end = text.lastIndexOf(0);
      if (end < 0) unreadable();
      const url = text.subarray(0, end).toString("utf8");
      return url.includes("://") ? url : unreadable();
    },
  };
}

/** A zero byte, then random bytes that are none, to a whole number of blocks. */
function pad(text: Uint8Array): Uint8Array {
  const length = (Math.floor(text.length / BLOCK) + 1) * BLOCK;
  const padded = new Uint8Array(length);
  padded.set(text);
  for (let i = text.length + 1; i < length; i++) {
    do padded[i] = randomBytes(1)[0]!; while (padded[i] === 0);
  }
  return padded;
}

function urlSafe(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}

function unreadable(): never {
  fail(
    "database",
    "A stored location cannot be decrypted: metadata_encryption_key is not the key it was written with.",
  );
}

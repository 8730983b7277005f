/** Locations of images that oneglance could not read. */
import type { Conn } from "../conn.ts";
import { locationCipher } from "../location_cipher.ts";
import type { Finding } from "./finding.ts";

/** What is wrong with a location, in the words of a Finding; null: nothing. Its code groups what is alike. */
export type Locate = (
  url: string,
  metadata: Record<string, unknown>,
) => Pick<Finding, "code" | "what" | "todo"> | null;

const PAGE = 1000;
const EXAMPLES = 5;

const NO_KEY = {
  code: "encrypted_without_key",
  weight: "blocks",
  what: "locations are encrypted, and metadata_encryption_key is not set",
  todo: "Give oneglance the metadata_encryption_key of Glance.",
} as const;
const OTHER_KEY = {
  code: "encrypted_with_other_key",
  weight: "blocks",
  what: "locations cannot be decrypted: metadata_encryption_key is not the one they were written with",
  todo: "Give oneglance the key that these were written with, or delete the images.",
} as const;
const CLEAR = {
  code: "clear_beside_encrypted",
  weight: "differs",
  what: "locations are in clear text although metadata_encryption_key is set",
  todo: "Nothing: oneglance reads them; Glance answers 500 for their images.",
} as const;

/** Looks at every live location. Errors: config, for a key of a wrong length. */
export async function findLocations(conn: Conn, key: string | null, locate: Locate): Promise<Finding[]> {
  const cipher = key === null ? null : locationCipher(key);
  const found = new Map<string, Finding>();
  const note = (about: Omit<Finding, "count" | "examples">, image: string) => {
    const finding = found.get(about.code) ?? { ...about, count: 0, examples: [] };
    finding.count++;
    if (finding.examples.length < EXAMPLES) finding.examples.push(image);
    found.set(about.code, finding);
  };
  for (let last = -1;;) {
    const rows = await conn.all(
      `SELECT id, image_id, value, meta_data FROM image_locations
      WHERE id > ? AND deleted = 0 AND status = 'active' ORDER BY id LIMIT ${PAGE}`,
      [last],
    );
    for (const { image_id, value, meta_data } of rows) {
      const image = String(image_id);
      const isClear = String(value).includes("://");
      if (isClear && cipher) note(CLEAR, image);
      const url = isClear ? String(value) : decrypted(cipher, String(value));
      if (url === null) note(cipher ? OTHER_KEY : NO_KEY, image);
      // Another check counts these.
      else if (!url.startsWith("pending://")) {
        const wrong = locate(url, parsed(meta_data));
        if (wrong) note({ ...wrong, weight: "blocks" }, image);
      }
    }
    if (rows.length < PAGE) return [...found.values()];
    last = Number(rows.at(-1)!.id);
  }
}

function decrypted(cipher: ReturnType<typeof locationCipher> | null, value: string): string | null {
  try {
    return cipher?.decrypt(value) ?? null;
  } catch {
    return null;
  }
}

function parsed(text: unknown): Record<string, unknown> {
  try {
    const value = JSON.parse(String(text ?? "{}"));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

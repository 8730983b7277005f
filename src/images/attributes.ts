/** Which names are attributes of an image and what a client may do with them (docs/reference/images-api.md §3.1, §3.7, §5.3). */
import { fail } from "../errors.ts";

/** Base attributes that a client may set. */
const WRITABLE = [
  "name",
  "visibility",
  "protected",
  "os_hidden",
  "owner",
  "tags",
  "min_ram",
  "min_disk",
  "disk_format",
  "container_format",
] as const;

const READ_ONLY: readonly string[] = [
  "created_at",
  "updated_at",
  "status",
  "checksum",
  "size",
  "virtual_size",
  "direct_url",
  "self",
  "file",
  "schema",
  "stores",
];

const RESERVED: readonly string[] = ["location", "deleted", "deleted_at"];

export type WritableAttribute = typeof WRITABLE[number];

export function isWritable(name: string): name is WritableAttribute {
  return (WRITABLE as readonly string[]).includes(name);
}

/** Whether PATCH refuses the name as read-only; `id` and the hashes may be given on create only. */
export function isReadOnly(name: string): boolean {
  return READ_ONLY.includes(name) || name === "id" || name === "os_hash_algo" || name === "os_hash_value";
}

/** Whether POST refuses the name as read-only. */
export function isReadOnlyOnCreate(name: string): boolean {
  return READ_ONLY.includes(name) || name === "os_hash_algo" || name === "os_hash_value";
}

/** Whether every image has an attribute of that name, so that no additional property can. */
export function isBase(name: string): boolean {
  return isWritable(name) || isReadOnly(name) || name === "locations";
}

export function isReserved(name: string): boolean {
  const bare = name.trim();
  return RESERVED.includes(bare) || bare.startsWith("os_glance");
}

/**
 * A character outside the basic plane: MySQL's utf8 cannot hold one, so upstream refuses it everywhere (§3.7). And
 * NUL: PostgreSQL cannot hold it, and the embedded engine returns only what precedes it.
 */
const UNKEPT = /[\0\u{10000}-\u{10FFFF}]/u;

/** Whether the tables of upstream, and the engine, can hold the text. */
export function isKeepable(text: string): boolean {
  return !UNKEPT.test(text) && text.isWellFormed();
}

/** Refuses texts that cannot be held; `field` names where they are. Errors: bad_request. */
export function refuseBeyondBmp(field: string, ...texts: (string | null | undefined)[]): void {
  for (const text of texts) {
    if (typeof text === "string" && !isKeepable(text)) fail("bad_request", `${UNDECODABLE}: ${field}`);
  }
}

/** The sentence clients know for text that cannot be taken. */
export const UNDECODABLE =
  "Error decoding your request. Either the URL or the request body contained characters " +
  "that could not be decoded by Glance";

/** Longest value of an additional property, in bytes of UTF-8: the TEXT column's. */
const MAX_PROPERTY_BYTES = 65535;

/** Checks the name of an additional property. Errors: bad_request. */
export function checkPropertyName(name: string): void {
  if (name === "") fail("bad_request", "The name of a property must not be empty.");
  if ([...name].length > 255) {
    fail("bad_request", `Property names can't be longer than 255 characters: '${name.slice(0, 40)}…'`);
  }
  refuseBeyondBmp("the name of a property", name);
}

/** Checks the value of an additional property. Errors: bad_request. */
export function checkPropertyValue(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string") {
    const kind = value === null ? "null" : Array.isArray(value) ? "an array" : `of type ${typeof value}`;
    fail(
      "bad_request",
      `Provided object does not match schema 'image': '${name}' is ${kind}, it must be a string`,
    );
  }
  refuseBeyondBmp(name, value);
  if (value.length > MAX_PROPERTY_BYTES / 3 && new TextEncoder().encode(value).length > MAX_PROPERTY_BYTES) {
    fail("bad_request", `The value of '${name}' is longer than ${MAX_PROPERTY_BYTES} bytes.`);
  }
}

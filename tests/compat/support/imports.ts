/** Imports through the clients, and their results. */
import assert from "node:assert/strict";
import type { Hashes } from "./disks.ts";
import { must } from "./processes.ts";

/**
 * Runs `glance` without a standard input: the client takes one that is not a terminal for image data, and refuses it
 * together with a file or URI.
 */
export const glance = (args: string[], env: Record<string, string>) =>
  must("sh", ["-c", 'exec glance "$@" <&-', "glance", ...args], { env });

/** Returns the id in the table that `glance` prints. */
export function idIn(table: string): string {
  const id = /\|\s*id\s*\|\s*([0-9a-f-]{36})\s*\|/.exec(table)?.[1];
  assert.ok(id, `no id in ${table}`);
  return id;
}

/** An image as the API shows it. */
// deno-lint-ignore no-explicit-any -- what comes as JSON
export type Shown = Record<string, any>;

/** Waits until no import of the image is in progress and returns the image; throws after five minutes. */
export async function finished(url: string, token: string, id: string): Promise<Shown> {
  for (let left = 3000; left > 0; left--) {
    const answer = await fetch(`${url}/v2/images/${id}`, { headers: { "x-auth-token": token } });
    const image = await answer.json();
    if (answer.status !== 200) throw new Error(`${id}: ${answer.status}`);
    if (!image.os_glance_import_task) return image;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the import of ${id} does not end`);
}

/** Checks that the image is active in exactly these stores, with the size, checksum and hash of its data. */
export function assertImported(image: Shown, hashes: Hashes, stores: string): void {
  assert.deepEqual([image.status, image.stores], ["active", stores], JSON.stringify(image));
  assert.deepEqual([image.size, image.checksum], [hashes.size, hashes.md5]);
  assert.deepEqual([image.os_hash_algo, image.os_hash_value], ["sha512", hashes.sha512]);
  assert.deepEqual([image.os_glance_importing_to_stores, image.os_glance_failed_import], ["", ""]);
}

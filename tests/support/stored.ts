/** Checks what an upload leaves: the image's fields and the files of the store. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { filesIn } from "./served.ts";
import { ADMIN, type TestService } from "./service.ts";

/** Returns the image as an administrator sees it. */
export async function shown(service: TestService, id: string): Promise<Record<string, unknown>> {
  return await (await service.ask(`/v2/images/${id}`, ADMIN)).json();
}

/** Checks that the image is active, with the size and hashes of `bytes`, and that its file holds them. */
export async function assertStored(
  service: TestService,
  id: string,
  bytes: Uint8Array | string,
  virtualSize: number | null,
): Promise<void> {
  const image = await shown(service, id);
  const hash = (name: string) => createHash(name).update(bytes).digest("hex");
  assert.deepEqual(
    [image.status, image.size, image.virtual_size, image.checksum, image.os_hash_algo, image.os_hash_value],
    ["active", bytes.length, virtualSize, hash("md5"), "sha512", hash("sha512")],
  );
  assert.deepEqual(await Deno.readFile(`${service.dir}/images/${id}`), new Uint8Array(Buffer.from(bytes)));
}

/** Checks that the image is queued as if no data had arrived: no size, hash, location, lease or file. */
export async function assertNothingStored(service: TestService, id: string): Promise<void> {
  const image = await shown(service, id);
  assert.deepEqual(
    [image.status, image.size, image.virtual_size, image.checksum, image.os_hash_algo, image.os_hash_value],
    ["queued", null, null, null, null, null],
  );
  const record = await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  assert.deepEqual(record?.locations, []);
  assert.deepEqual(await service.deps.db.read.uploads.list(), []);
  assert.deepEqual(filesIn(`${service.dir}/images`).filter((name) => name.includes(id)), []);
}

/** A body whose pieces the test sends one by one. */
export function fedBody(): {
  stream: ReadableStream<Uint8Array>;
  /** Sends a piece and waits until the reader has taken it. */
  give(text: string | Uint8Array): Promise<void>;
  end(): void;
  /** Ends the body with an error, as when the client disconnects. */
  leave(): void;
} {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let wanted = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    pull() {
      wanted.resolve();
    },
  }, { highWaterMark: 0 });
  return {
    stream,
    async give(text) {
      await wanted.promise;
      wanted = Promise.withResolvers();
      controller.enqueue(typeof text === "string" ? new TextEncoder().encode(text) : text);
      await wanted.promise;
    },
    end: () => controller.close(),
    leave: () => controller.error(new Error("connection closed before message completed")),
  };
}

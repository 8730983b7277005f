import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type ErrorCode, GlanceError } from "../../src/errors.ts";

export function random(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(length));
}

/** Asserts that two images are equal; `assert.deepEqual` takes seconds for a megabyte. */
export function sameBytes(actual: Uint8Array, wanted: Uint8Array): void {
  assert.equal(actual.length, wanted.length);
  assert.ok(Buffer.compare(actual, wanted) === 0, "the bytes differ");
}

/** A body as a request has it: a byte stream. */
export function sent(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream();
}

/** A body in pieces of `length`, which is no byte stream. */
export function pieces(bytes: Uint8Array, length: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += length));
    },
  });
}

/** A body fed by hand. */
export function forked() {
  let controller!: ReadableByteStreamController;
  let taken: () => void = () => {};
  const cancelled = Promise.withResolvers<boolean>();
  const stream = new ReadableStream<Uint8Array>({
    type: "bytes",
    start: (given) => {
      controller = given as ReadableByteStreamController;
    },
    pull: () => taken(),
    cancel: () => cancelled.resolve(true),
  });
  return {
    stream,
    /** Resolves once the body is cancelled. */
    cancelled: cancelled.promise,
    /** Resolves when the reader wants more. */
    async push(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
      const more = new Promise<void>((resolve) => taken = resolve);
      controller.enqueue(bytes.slice());
      await more;
    },
    fail: (error: unknown) => controller.error(error),
    close(): void {
      controller.close();
      controller.byobRequest?.respond(0);
    },
  };
}

/** The code of the error that `step` throws, `none` when it throws nothing. */
export async function code(step: Promise<unknown> | (() => unknown)): Promise<ErrorCode | "none" | string> {
  try {
    await (typeof step === "function" ? step() : step);
    return "none";
  } catch (error) {
    return error instanceof GlanceError ? error.code : String(error);
  }
}

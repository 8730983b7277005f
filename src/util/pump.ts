/** Bytes requested from a body at once. */
const BLOCK = 512 * 1024;

const ofBodies = new WeakSet<object>();

/** Whether this error came from the body that `pump` read, not from its destination. */
export function isOfBody(error: unknown): boolean {
  return typeof error === "object" && error !== null && ofBodies.has(error);
}

function marked(error: unknown): unknown {
  if (typeof error === "object" && error !== null) ofBodies.add(error);
  return error;
}

/**
 * Reads `body` to its end and passes each piece to `write`, one at a time; the piece is valid until `write` resolves.
 * Throws errors of the body, of `write` and the signal's reason unchanged, and then cancels the body, so that a failed
 * upload keeps no handle open.
 *
 * A request's body is read into one buffer of our own: at 1 GiB that costs 0.8 CPU s, as `pipeTo(file.writable)`
 * does on Deno 2.9, but 2.1 less than `pipeTo` on 2.4 and less than a third of `pipeTo` to a sink of our own.
 */
export async function pump(
  body: ReadableStream<Uint8Array>,
  write: (piece: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  const reader = openReader(body, BLOCK);
  const abort = () => reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      const piece = await reader.read().catch((error) => {
        throw marked(error);
      });
      signal?.throwIfAborted();
      if (piece === null) return;
      await write(piece);
      signal?.throwIfAborted();
    }
  } catch (error) {
    // Not awaited: a disconnected peer may never answer.
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

interface PieceReader {
  read(): Promise<Uint8Array | null>;
  cancel(reason: unknown): Promise<void>;
}

/**
 * Reads a body in pieces of up to `block` bytes, or as they come when it is not a byte stream; each is valid until the
 * next read. null = the end, or cancelled.
 */
export function openReader(body: ReadableStream<Uint8Array>, block: number): PieceReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    return plainReader(body.getReader());
  }
  let buffer = new ArrayBuffer(block);
  return {
    async read() {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (value === undefined) return null;
      buffer = value.buffer;
      return done ? null : value;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

function plainReader(reader: ReadableStreamDefaultReader<Uint8Array>): PieceReader {
  return {
    async read() {
      const { value, done } = await reader.read();
      return done ? null : value;
    },
    cancel: (reason) => reader.cancel(reason),
  };
}

/** Bytes asked of a body at once. */
const BLOCK = 512 * 1024;

const ofBodies = new WeakSet<object>();

/** Whether `pump` met this error in the body itself, not where the body goes. */
export function isOfBody(error: unknown): boolean {
  return typeof error === "object" && error !== null && ofBodies.has(error);
}

function marked(error: unknown): unknown {
  if (typeof error === "object" && error !== null) ofBodies.add(error);
  return error;
}

/**
 * Reads `body` to its end and gives each piece to `write`, one at a time; the piece is only good until `write`
 * resolves. Errors of the body, of `write` and the signal's reason are thrown as they are, and the body is
 * cancelled, so that a failed upload holds no handle.
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
    // Not waited for: a peer that has gone may never answer.
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
 * Reads a body in pieces of up to `block` bytes, or as they come where it is no stream of bytes; each is only good
 * until the next is asked for. null = its end, or it was cancelled.
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

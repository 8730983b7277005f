/** The body of a request, read from its connection as it is asked for. */
import { fail } from "../errors.ts";
import { Chunks } from "./chunks.ts";
import { type Framing, Refused } from "./head.ts";
import type { Source } from "./source.ts";
import { takeTurn } from "./turns.ts";

/** Bytes given to a reader that brings no room of its own. */
const PIECE = 64 * 1024;

/** So much of a chunk is read without a buffer between. */
const DIRECT = 512 * 1024;

export interface Body {
  stream: ReadableStream<Uint8Array>;
  /** Whether the next request follows at once: all of it has been taken. */
  readonly ended: boolean;
  /** Whether somebody has begun to read it. */
  readonly begun: boolean;
  /** Bytes that are still to come, where that is known. */
  readonly left: number | null;
  /** Waits for the end of a read whose reader has left. */
  settled(): Promise<void>;
  /** Reads and drops up to `limit` bytes; true when that was all. Errors: those of the connection. */
  drain(limit: number): Promise<boolean>;
}

/** `ask` is called before the first byte is waited for. A body that ends early or has a broken chunk is an error of the stream. */
export function openBody(source: Source, framing: Framing, ask: () => Promise<void> | void): Body {
  const take = framing.kind === "chunked" ? inChunks(source) : withLength(source, framing);
  let asked: Promise<void> | void | undefined;
  let begun = false;
  let ended = false;
  let cancelled = false;
  let reading: Promise<number> | undefined;

  const read = async (view: Uint8Array): Promise<number> => {
    if (!begun) {
      begun = true;
      asked = ask();
    }
    if (asked) await asked;
    await takeTurn();
    if (cancelled) return 0;
    const got = await taken(view);
    if (got === 0 || take.left() === 0) ended = true;
    return got;
  };

  // The reader is told in its own words that the client, which is still there, sends what is no body.
  const taken = async (view: Uint8Array) => {
    try {
      return await take.into(view);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return fail("bad_request", error.message, { close: true });
    }
  };

  const stream = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: PIECE,
    async pull(controller) {
      const view = controller.byobRequest!.view!;
      reading = read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      const got = await reading;
      // Nobody waits for it any more after a cancellation.
      if (cancelled) return;
      if (got === 0) controller.close();
      controller.byobRequest!.respond(got);
      if (got > 0 && ended) controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });

  const settled = async () => {
    await reading?.catch(() => {});
  };

  return {
    stream,
    get ended() {
      return ended;
    },
    get begun() {
      return begun;
    },
    get left() {
      return take.left();
    },
    settled,
    async drain(limit) {
      await settled();
      const waste = new Uint8Array(PIECE);
      for (let dropped = 0; !ended && dropped < limit;) {
        await takeTurn();
        const got = await take.into(waste.subarray(0, Math.min(PIECE, limit - dropped)));
        if (got === 0 || take.left() === 0) ended = true;
        dropped += got;
      }
      return ended;
    },
  };
}

/** Takes bytes of a body into a view, at least one; 0 = its end. */
interface Taker {
  into(view: Uint8Array): Promise<number>;
  left(): number | null;
}

function early(): Error {
  return new Error("the connection ended in the body of the request");
}

function withLength(source: Source, framing: Framing): Taker {
  let left = framing.kind === "length" ? framing.length : 0;
  return {
    async into(view) {
      if (left === 0) return 0;
      const got = await source.read(view.length > left ? view.subarray(0, left) : view);
      if (got === null) throw early();
      left -= got;
      return got;
    },
    left: () => left,
  };
}

/** What is there already is put together; what would have to be waited for is not. */
function inChunks(source: Source): Taker {
  const chunks = new Chunks();
  source.widen();
  return {
    async into(view) {
      while (!chunks.ended) {
        const { held } = source;
        if (held.length > 0) {
          const { taken, given } = chunks.decode(held, view);
          source.drop(taken);
          if (given > 0) return given;
        } else if (chunks.data >= DIRECT) {
          const got = await source.read(view.subarray(0, chunks.data));
          if (got === null) throw early();
          chunks.skip(got);
          return got;
        } else if (!await source.more()) throw early();
      }
      return 0;
    },
    left: () => chunks.ended ? 0 : null,
  };
}

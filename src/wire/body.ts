/** The body of a request, read from its connection on demand. */
import { fail } from "../errors.ts";
import { Chunks } from "./chunks.ts";
import { type Framing, Refused } from "./head.ts";
import type { Source } from "./source.ts";

/** Buffer for a reader that does not supply one. */
const PIECE = 64 * 1024;

/** A chunk with at least this many bytes left is read directly, without a buffer. */
const DIRECT = 512 * 1024;

/** How long all bodies together may keep the event loop, in ms. */
const TURN = 10;

let since = 0;
let pause: Promise<void> | undefined;

/**
 * Called before each piece of work; waits if the bodies have used up their turn. A timer, because Deno 2.9 does not poll
 * its sockets before an immediate.
 */
function takeTurn(): Promise<void> | void {
  if (performance.now() - since < TURN) return;
  return pause ??= new Promise((resolve) =>
    setTimeout(() => {
      since = performance.now();
      pause = undefined;
      resolve();
    }, 0)
  );
}

export interface Body {
  stream: ReadableStream<Uint8Array>;
  /** Whether all of it was read, so that the next request follows. */
  readonly ended: boolean;
  /** Whether reading has begun. */
  readonly begun: boolean;
  /** Bytes still to come; null = unknown. */
  readonly left: number | null;
  /** Waits for a read whose reader has cancelled. */
  settled(): Promise<void>;
  /** Reads and drops up to `limit` bytes; returns whether that was all. Errors: those of the connection. */
  drain(limit: number): Promise<boolean>;
}

/** Calls `ask` before it waits for the first byte. The stream fails if the body ends early or a chunk is invalid. */
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

  // The client is still connected and gets this error in the form of the API.
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
      // After a cancellation the controller is closed.
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

/** Reads at least one byte of a body into a view; 0 = its end. */
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

/** Decodes the chunks that have arrived into one read; does not wait for more. */
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

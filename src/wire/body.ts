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

/**
 * The body of one request. A class: an object literal with getters has a hidden class of its own, which keeps the request
 * until the next full collection.
 */
export class Body {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #take: Taker;
  readonly #ask: () => Promise<void> | void;
  #asked: Promise<void> | void | undefined;
  #begun = false;
  #ended = false;
  #cancelled = false;
  #reading: Promise<number> | undefined;

  /** Calls `ask` before it waits for the first byte. The stream fails if the body ends early or a chunk is invalid. */
  constructor(source: Source, framing: Framing, ask: () => Promise<void> | void) {
    this.#take = framing.kind === "chunked" ? inChunks(source) : withLength(source, framing);
    this.#ask = ask;
    this.stream = new ReadableStream({
      type: "bytes",
      autoAllocateChunkSize: PIECE,
      pull: (controller) => this.#pull(controller),
      cancel: () => {
        this.#cancelled = true;
      },
    });
  }

  /** Whether all of it was read, so that the next request follows. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether reading has begun. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Bytes still to come; null = unknown. */
  get left(): number | null {
    return this.#take.left();
  }

  /** Waits for a read whose reader has cancelled. */
  async settled(): Promise<void> {
    await this.#reading?.catch(() => {});
  }

  /** Reads and drops up to `limit` bytes; returns whether that was all. Errors: those of the connection. */
  async drain(limit: number): Promise<boolean> {
    await this.settled();
    const waste = new Uint8Array(PIECE);
    for (let dropped = 0; !this.#ended && dropped < limit;) {
      await takeTurn();
      const got = await this.#take.into(waste.subarray(0, Math.min(PIECE, limit - dropped)));
      if (got === 0 || this.#take.left() === 0) this.#ended = true;
      dropped += got;
    }
    return this.#ended;
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    const view = controller.byobRequest!.view!;
    this.#reading = this.#read(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    const got = await this.#reading;
    // After a cancellation the controller is closed.
    if (this.#cancelled) return;
    if (got === 0) controller.close();
    controller.byobRequest!.respond(got);
    if (got > 0 && this.#ended) controller.close();
  }

  async #read(view: Uint8Array): Promise<number> {
    if (!this.#begun) {
      this.#begun = true;
      this.#asked = this.#ask();
    }
    if (this.#asked) await this.#asked;
    await takeTurn();
    if (this.#cancelled) return 0;
    const got = await this.#taken(view);
    if (got === 0 || this.#take.left() === 0) this.#ended = true;
    return got;
  }

  /** The client is still connected and gets this error in the form of the API. */
  async #taken(view: Uint8Array): Promise<number> {
    try {
      return await this.#take.into(view);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return fail("bad_request", error.message, { close: true });
    }
  }
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

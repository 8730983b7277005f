/** Reads a connection, through a buffer where that is cheaper. */
import { Buffer } from "node:buffer";

/** Buffer for chunked bodies. */
const BLOCK = 256 * 1024;

/** First buffer, enough for the head of most requests. */
const SMALL = 4 * 1024;

export class Source {
  #conn: Pick<Deno.Conn, "read">;
  #buffer = Buffer.alloc(SMALL);
  #start = 0;
  #end = 0;

  constructor(conn: Pick<Deno.Conn, "read">) {
    this.#conn = conn;
  }

  /** The bytes that are buffered; valid until the next read. */
  get held(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Removes `count` bytes from the buffer. */
  drop(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Reads more into the buffer; returns false at the end. Errors: those of the connection. */
  async more(): Promise<boolean> {
    if (this.#end === this.#buffer.length) this.#makeRoom(4 * this.#buffer.length);
    const got = await this.#conn.read(this.#buffer.subarray(this.#end));
    this.#end += got ?? 0;
    return got !== null;
  }

  /** Reads into `view`, buffered bytes first; null at the end. Errors: those of the connection. */
  read(view: Uint8Array): Promise<number | null> | number {
    const size = this.#end - this.#start;
    if (size === 0) return this.#conn.read(view);
    const taken = Math.min(size, view.length);
    view.set(this.#buffer.subarray(this.#start, this.#start + taken));
    this.drop(taken);
    return taken;
  }

  /** Enlarges the buffer for a chunked body. */
  widen(): void {
    if (this.#buffer.length >= BLOCK) return;
    const { held } = this;
    this.#buffer = Buffer.alloc(BLOCK);
    this.#keep(held);
  }

  /** Releases a large buffer while the connection is idle. */
  rest(): void {
    if (this.#start === this.#end && this.#buffer.length > SMALL) this.#buffer = Buffer.alloc(SMALL);
  }

  /** Moves the bytes to the start, or to a buffer of `length` if this one is full. */
  #makeRoom(length: number): void {
    const { held } = this;
    if (this.#start === 0) this.#buffer = Buffer.alloc(length);
    this.#keep(held);
  }

  #keep(held: Buffer): void {
    this.#buffer.set(held);
    this.#start = 0;
    this.#end = held.length;
  }
}

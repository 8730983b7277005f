/** Bytes of a connection, read ahead where that is cheaper. */
import { Buffer } from "node:buffer";

/** What is read of a connection at once where it goes through a buffer of ours. */
const BLOCK = 256 * 1024;

/** A connection's first buffer: enough for the head of most requests. */
const SMALL = 4 * 1024;

export class Source {
  #conn: Pick<Deno.Conn, "read">;
  #buffer = Buffer.alloc(SMALL);
  #start = 0;
  #end = 0;

  constructor(conn: Pick<Deno.Conn, "read">) {
    this.#conn = conn;
  }

  /** What was read and not yet taken; good until more is read. */
  get held(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Takes `count` of the bytes that are held. */
  drop(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Reads more behind what is held; false when the peer sends no more. Errors: those of the connection. */
  async more(): Promise<boolean> {
    if (this.#end === this.#buffer.length) this.#makeRoom(4 * this.#buffer.length);
    const got = await this.#conn.read(this.#buffer.subarray(this.#end));
    this.#end += got ?? 0;
    return got !== null;
  }

  /** Reads into `view`, from what is held first; null when the peer sends no more. Errors: those of the connection. */
  read(view: Uint8Array): Promise<number | null> | number {
    const size = this.#end - this.#start;
    if (size === 0) return this.#conn.read(view);
    const taken = Math.min(size, view.length);
    view.set(this.#buffer.subarray(this.#start, this.#start + taken));
    this.drop(taken);
    return taken;
  }

  /** Makes the buffer large: a body in chunks goes through it. */
  widen(): void {
    if (this.#buffer.length >= BLOCK) return;
    const { held } = this;
    this.#buffer = Buffer.alloc(BLOCK);
    this.#keep(held);
  }

  /** Gives a large buffer back while the connection waits. */
  rest(): void {
    if (this.#start === this.#end && this.#buffer.length > SMALL) this.#buffer = Buffer.alloc(SMALL);
  }

  /** Room behind what is held, in a buffer of `length` where this one is full. */
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

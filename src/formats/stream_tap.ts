import type { Peek } from "./inspection.ts";
import { VHDX_HEAD_LENGTH, vhdxMetadataStart } from "./vhdx.ts";

/** Holds a whole VMDK descriptor (1 MiB behind one sector) and every other header but VHDX's. */
const HEAD_LENGTH = 1024 * 1024 + 512;
/** The footer of a stream-optimised VMDK, and of a fixed VHD. */
const TAIL_LENGTH = 3 * 512;
/** Where a VHDX file's region table may send us; its metadata region is 1 MiB aligned and small. */
const WINDOW_LENGTH = 128 * 1024;

/**
 * Keeps those parts of a passing stream that `inspect` may look at, for stores whose data cannot be read back
 * cheaply. Holds at most about 1.2 MiB, however long the stream is.
 */
export class StreamTap {
  /** Bytes that passed so far. */
  size = 0;
  #head = new Uint8Array(64 * 1024);
  #tail = new Uint8Array(0);
  #window: { start: number; bytes: Uint8Array; filled: number } | null = null;
  #looked = false;

  /** Shows the next bytes of the stream; they are copied where needed, never changed. */
  write(chunk: Uint8Array): void {
    const start = this.size;
    this.size += chunk.length;
    if (start < HEAD_LENGTH) this.#keepHead(start, chunk);
    if (!this.#looked && this.size >= VHDX_HEAD_LENGTH) this.#openWindow();
    if (this.#window) this.#keepWindow(start, chunk);
    this.#keepTail(chunk);
  }

  /** Looks at what was kept; bytes that were not kept count as not there. */
  readonly peek: Peek = (offset, length) => Promise.resolve(this.#look(offset, length));

  #look(offset: number, length: number): Uint8Array | null {
    const end = offset + length;
    if (end > this.size) return null;
    if (end <= HEAD_LENGTH) return this.#head.subarray(offset, end);
    const window = this.#window;
    if (window && offset >= window.start && end <= window.start + window.filled) {
      return window.bytes.subarray(offset - window.start, end - window.start);
    }
    const tailStart = this.size - this.#tail.length;
    return offset >= tailStart ? this.#tail.subarray(offset - tailStart, end - tailStart) : null;
  }

  #keepHead(start: number, chunk: Uint8Array): void {
    const end = Math.min(this.size, HEAD_LENGTH);
    if (end > this.#head.length) {
      // Doubling: small images, the many, cost little.
      const grown = new Uint8Array(Math.min(Math.max(end, 2 * this.#head.length), HEAD_LENGTH));
      grown.set(this.#head.subarray(0, start));
      this.#head = grown;
    }
    this.#head.set(chunk.subarray(0, end - start), start);
  }

  /** Once the region table passed: finds where the metadata region will be, if this is VHDX at all. */
  #openWindow(): void {
    this.#looked = true;
    const start = vhdxMetadataStart(this.#head);
    if (start === null) return;
    const bytes = new Uint8Array(WINDOW_LENGTH);
    this.#window = { start, bytes, filled: 0 };
    const head = this.#head.subarray(Math.min(start, HEAD_LENGTH), Math.min(this.size, HEAD_LENGTH));
    bytes.set(head.subarray(0, WINDOW_LENGTH));
    this.#window.filled = Math.min(head.length, WINDOW_LENGTH);
  }

  #keepWindow(start: number, chunk: Uint8Array): void {
    const window = this.#window!;
    const next = window.start + window.filled;
    if (next < start || next >= this.size) return;
    const part = chunk.subarray(next - start, next - start + WINDOW_LENGTH - window.filled);
    window.bytes.set(part, window.filled);
    window.filled += part.length;
  }

  #keepTail(chunk: Uint8Array): void {
    if (chunk.length >= TAIL_LENGTH) {
      this.#tail = chunk.slice(-TAIL_LENGTH);
      return;
    }
    const kept = this.#tail.subarray(Math.max(0, this.#tail.length + chunk.length - TAIL_LENGTH));
    const tail = new Uint8Array(kept.length + chunk.length);
    tail.set(kept);
    tail.set(chunk, kept.length);
    this.#tail = tail;
  }
}

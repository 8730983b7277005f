import { Buffer } from "node:buffer";
import { fail } from "../errors.ts";
import { hashFile, type HashJob, type HashPool } from "../util/hash_pool.ts";
import { pump } from "../util/pump.ts";
import { giveFinalName, syncDirectory, temporaryName, writeError, writing } from "./file_disk.ts";
import type { Digests, StoredLocation, WriteHandle, WriteOptions } from "./store.ts";

/** From this size on workers hash; smaller data is hashed faster in this thread. */
const WORKERS_FROM = 4 << 20;
/** Bytes between two messages to the workers: 8 ms of hashing. */
const NOTICE = 4 << 20;
/** Bytes between two syncs while receiving, which keep the last sync short and dirty pages few. */
const SYNC_EVERY = 64 << 20;

/** What a write needs from its store. */
interface FileTarget {
  directory: string;
  name: string;
  /** Mode of the file; 0 = default by umask. */
  filePerm: number;
  thin: boolean;
  hashPool: HashPool;
  warn: (text: string) => void;
  /** Returns the location of a committed file. */
  locate: (path: string) => StoredLocation;
}

/** An image being written: a hidden file until `commit` gives it its final name. */
export class FileWrite implements WriteHandle {
  readonly #target: FileTarget;
  readonly #options: WriteOptions;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #stop = new AbortController();
  #reader: Deno.FsFile | undefined;
  #written = 0;
  #noticed = 0;
  #synced = 0;
  #syncing: Promise<void> | undefined;
  #job: HashJob | undefined;
  #digests: Promise<Digests> | undefined;
  #piping: Promise<void> | undefined;
  #peeking: Promise<unknown> = Promise.resolve();
  #committing: Promise<StoredLocation> | undefined;
  /** The final path and the identity of the file, after the commit. */
  #committed: { path: string; info: Deno.FileInfo } | undefined;
  #closed = false;
  #state: "new" | "written" | "committed" | "ended" = "new";

  private constructor(target: FileTarget, options: WriteOptions, path: string, file: Deno.FsFile) {
    this.#target = target;
    this.#options = options;
    this.#path = path;
    this.#file = file;
  }

  /** Errors: store_full, store_write_denied, internal. */
  static async open(target: FileTarget, options: WriteOptions): Promise<FileWrite> {
    const path = `${target.directory}/${temporaryName(target.name)}`;
    return new FileWrite(
      target,
      options,
      path,
      await writing(Deno.open(path, { write: true, createNew: true })),
    );
  }

  async pipe(
    body: ReadableStream<Uint8Array>,
    signal?: AbortSignal,
    check?: (size: number) => void,
  ): Promise<void> {
    if (this.#state !== "new" || this.#piping) fail("internal", "The write handle was used already.");
    const stop = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    this.#piping = pump(body, async (piece) => {
      await this.#write(piece);
      check?.(this.#written);
    }, stop);
    await this.#piping;
    const expected = this.#options.size ?? 0;
    if (expected > 0 && this.#written !== expected) {
      fail("bad_request", `Size mismatch: expected ${expected} bytes, got ${this.#written} bytes`);
    }
    // Checked here, because format inspection and hashing would blame the data for a missing file.
    await writing(Deno.lstat(this.#path));
    this.#state = "written";
  }

  async #write(piece: Uint8Array): Promise<void> {
    const expected = this.#options.size ?? 0;
    const total = this.#written + piece.length;
    if (expected > 0 && total > expected) {
      fail("bad_request", `Size exceeds: expected ${expected} bytes, got ${total} bytes`);
    }
    try {
      if (this.#target.thin || this.#options.sparse) await writeSparse(this.#file, this.#written, piece);
      else for (let at = 0; at < piece.length;) at += await this.#file.write(piece.subarray(at));
    } catch (error) {
      throw writeError(error);
    }
    this.#written = total;
    this.#notice();
    this.#syncAhead();
  }

  #notice(): void {
    if (this.#written < WORKERS_FROM || this.#written - this.#noticed < NOTICE) return;
    this.#noticed = this.#written;
    this.#job ??= this.#target.hashPool.start(this.#path, this.#algorithms());
    this.#job.grown(this.#written);
  }

  #syncAhead(): void {
    if (this.#written - this.#synced < SYNC_EVERY || this.#syncing) return;
    this.#synced = this.#written;
    // A handle of its own, because operations on one handle wait for each other. The last sync reports errors.
    this.#syncing = syncFile(this.#path).catch(() => {}).finally(() => this.#syncing = undefined);
  }

  #algorithms(): string[] {
    return [...new Set(["md5", this.#options.algorithm])];
  }

  written(): Promise<number> {
    return Promise.resolve(this.#written);
  }

  peek(offset: number, length: number): Promise<Uint8Array | null> {
    if (this.#state === "committed" || this.#state === "ended") return Promise.resolve(null);
    const whole = this.#state === "written";
    const end = whole ? Math.min(offset + length, this.#written) : offset + length;
    if (end > this.#written) return Promise.resolve(null);
    const result = this.#peeking.then(() => this.#readBack(offset, Math.max(0, end - offset)));
    this.#peeking = result.catch(() => {});
    return result;
  }

  async #readBack(offset: number, length: number): Promise<Uint8Array> {
    this.#reader ??= await Deno.open(this.#path, { read: true });
    await this.#reader.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const got = await this.#reader.read(bytes.subarray(at));
      if (got === null) fail("internal", "The image data could not be read back.");
      at += got;
    }
    return bytes;
  }

  async digests(): Promise<Digests> {
    if (this.#state !== "written" && this.#state !== "committed") {
      fail("internal", "The image data is not complete.");
    }
    this.#digests ??= this.#hash();
    return await this.#digests;
  }

  async #hash(): Promise<Digests> {
    const hashes = await (this.#job?.finish(this.#written) ?? hashFile(this.#path, this.#algorithms()));
    return { md5: hashes[0]!, hash: hashes.at(-1)! };
  }

  async commit(): Promise<StoredLocation> {
    if (this.#state !== "written" || this.#committing) fail("internal", "The image data is not complete.");
    this.#committing = this.#commit();
    return await this.#committing;
  }

  async #commit(): Promise<StoredLocation> {
    const { directory, name, filePerm, warn, locate } = this.#target;
    // Hashing reads the hidden name, which the commit removes.
    await this.digests();
    if (filePerm > 0) {
      await Deno.chmod(this.#path, filePerm).catch(() => warn(`Unable to set permissions on image ${name}.`));
    }
    await this.#syncing;
    await writing(this.#file.sync());
    const final = `${directory}/${name}`;
    const info = await this.#file.stat();
    await writing(giveFinalName(this.#path, final), `Image ${name} already exists`);
    this.#committed = { path: final, info };
    await writing(syncDirectory(directory));
    this.#state = "committed";
    this.#close();
    return locate(final);
  }

  async cancel(): Promise<void> {
    // Wait for a running commit: it either completes or fails cleanly.
    await this.#committing?.catch(() => {});
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#stop.abort(new DOMException("The upload was cancelled.", "AbortError"));
    await this.#piping?.catch(() => {});
    this.#job?.cancel();
    await this.#peeking;
    await this.#syncing;
    this.#close();
    await this.#remove(this.#path);
    if (this.#committed !== undefined) await this.#takeBack(this.#committed);
  }

  /** Removes the finished file, unless another file has its name now. */
  async #takeBack({ path, info }: { path: string; info: Deno.FileInfo }): Promise<void> {
    const found = await Deno.lstat(path).catch(() => null);
    // Inode numbers are reused, so the time must match as well.
    const same = found?.ino === info.ino && found.dev === info.dev &&
      Number(found.mtime) === Number(info.mtime);
    if (same) await this.#remove(path);
  }

  async #remove(path: string): Promise<void> {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#target.warn(`Cannot remove ${path}: ${error}`);
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
    this.#reader?.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await Deno.open(path, { write: true });
  try {
    await file.syncData();
  } finally {
    file.close();
  }
}

/** Aligned blocks of this many zero bytes become holes. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * Writes `piece` at `offset`, leaving holes for blocks of zeros (`filesystem_thin_provisioning`). The length of the file
 * is correct afterwards, also if it ends in a hole.
 */
async function writeSparse(file: Deno.FsFile, offset: number, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) {
    const next = Math.min(piece.length, at + BLOCK - (offset + at) % BLOCK);
    const block = piece.subarray(at, next);
    if (isZero(block)) {
      await file.truncate(offset + next);
      await file.seek(offset + next, Deno.SeekMode.Start);
    } else {
      for (let done = 0; done < block.length;) done += await file.write(block.subarray(done));
    }
    at = next;
  }
}

function isZero(block: Uint8Array): boolean {
  return ZEROS.subarray(0, block.length).equals(block);
}

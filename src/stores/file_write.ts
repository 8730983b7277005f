import { fail } from "../errors.ts";
import { hashFile } from "../util/hash_file.ts";
import type { HashJob, HashPool } from "../util/hash_pool.ts";
import { pump } from "../util/pump.ts";
import { writeError, writing } from "./file_errors.ts";
import { placeFile, syncDirectory } from "./file_place.ts";
import { writeSparse } from "./file_sparse.ts";
import { temporaryName } from "./file_temporary.ts";
import type { Digests, StoredLocation, WriteHandle, WriteOptions } from "./store.ts";

/** From this size on workers hash; below, it is quicker to do it on the spot. */
const WORKERS_FROM = 4 << 20;
/** Bytes between two words to the workers: 8 ms of hashing. */
const NOTICE = 4 << 20;
/** Bytes between two syncs while data comes in, so that the last sync is short and dirty pages stay few. */
const SYNC_EVERY = 64 << 20;

/** What a write needs to know of its store. */
export interface FileTarget {
  directory: string;
  name: string;
  /** Mode of the file, 0 = as the umask makes it. */
  filePerm: number;
  thin: boolean;
  hashPool: HashPool;
  warn: (text: string) => void;
  /** The location of the file once it stands at `path`. */
  locate: (path: string) => StoredLocation;
}

/** An image on its way into a directory: a hidden file until `commit` gives it its name. */
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
  /** The final path, once the file has it, and which file that is. */
  #placed: { path: string; info: Deno.FileInfo } | undefined;
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
    // Looked at now: to format inspection and hashing a name that is gone would be a fault of the data.
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
    // By a handle of its own: operations on one handle wait for each other. Its errors show in the last sync.
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
    // They are read from the hidden name, which goes away.
    await this.digests();
    if (filePerm > 0) {
      await Deno.chmod(this.#path, filePerm).catch(() => warn(`Unable to set permissions on image ${name}.`));
    }
    await this.#syncing;
    await writing(this.#file.sync());
    const final = `${directory}/${name}`;
    const info = await this.#file.stat();
    await writing(placeFile(this.#path, final), `Image ${name} already exists`);
    this.#placed = { path: final, info };
    await writing(syncDirectory(directory));
    this.#state = "committed";
    this.#close();
    return locate(final);
  }

  async cancel(): Promise<void> {
    // A commit under way decides by itself; it leaves the image whole or fails.
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
    if (this.#placed !== undefined) await this.#takeBack(this.#placed);
  }

  /** Removes the finished file, unless the name stands for another one by now. */
  async #takeBack({ path, info }: { path: string; info: Deno.FileInfo }): Promise<void> {
    const found = await Deno.lstat(path).catch(() => null);
    // Numbers of removed files are given out again, so the time counts too.
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

import { fail, GlanceError, isError } from "../errors.ts";
import { HASHING_ALGORITHM, nodeAlgorithm } from "../util/hash_algorithm.ts";
import type { HashPool } from "../util/hash_pool.ts";
import {
  chooseDirectory,
  type DataDirectory,
  freeBytes,
  type Mount,
  mountOf,
  parseDirectories,
  prepareDirectory,
  Presence,
  readMounts,
  type StoreLog,
} from "./file_directories.ts";
import { DIRECTORY_GONE, discardFiles, sizeOfFile, sweepTemporary, systemCode, within } from "./file_disk.ts";

import { readFile } from "./file_read.ts";
import { FileWrite } from "./file_write.ts";
import {
  type ByteRange,
  pathOf,
  type Store,
  type StoredLocation,
  type StoreRead,
  type WriteHandle,
  type WriteOptions,
} from "./store.ts";

/** Options of a file store, by their names without `filesystem_store_` (docs/reference/configuration.md §10.1). */
export interface FileStoreOptions {
  id: string | null;
  description?: string | null;
  weight?: number;
  datadir: string;
  datadirs?: readonly string[];
  metadataFile?: string | null;
  /** Mode bits; 0 = default by umask. */
  filePerm?: number;
  chunkSize?: number;
  thinProvisioning?: boolean;
  /** Seconds, 0 = no limit. */
  timeout?: number;
}

/** What a file store needs. */
export interface StoreTools extends StoreLog {
  hashPool: HashPool;
}

/** Image ids become file names; a leading dot is reserved for temporary files. */
const SAFE_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** Keeps images as files in directories (docs/reference/stores.md §2). */
export class FileStore implements Store {
  readonly type = "file";
  readonly schemes = ["file", "filesystem"];
  readonly randomRead = true;
  readonly id: string | null;
  readonly description: string | null;
  readonly weight: number;
  readonly readOnly: string | null;
  readonly urlPrefixes: readonly string[];
  readonly properties: Record<string, unknown>;
  /** Absolute paths, highest priority first. */
  readonly datadirs: readonly string[];
  readonly #directories: readonly DataDirectory[];
  readonly #mounts: readonly Mount[];
  readonly #filePerm: number;
  readonly #thin: boolean;
  readonly #timeout: number;
  readonly #tools: StoreTools;
  readonly #presence: Presence;

  private constructor(
    options: FileStoreOptions,
    tools: StoreTools,
    set: { directories: DataDirectory[]; mounts: Mount[]; readOnly: string | null; presence: Presence },
  ) {
    this.id = options.id;
    this.description = options.description ?? null;
    this.weight = options.weight ?? 0;
    this.readOnly = set.readOnly;
    this.#directories = set.directories;
    this.#mounts = set.mounts;
    this.#presence = set.presence;
    this.#filePerm = options.filePerm ?? 0;
    this.#thin = options.thinProvisioning ?? false;
    this.#timeout = options.timeout ?? 0;
    this.#tools = tools;
    this.datadirs = set.directories.map(({ path }) => path);
    this.urlPrefixes = this.datadirs.map((path) => `file://${path}`);
    this.properties = {
      data_dir: this.datadirs.join(","),
      chunk_size: options.chunkSize ?? 65536,
      thin_provisioning: this.#thin,
    };
  }

  /** Prepares the directories; any problem makes the store read-only, with a warning. */
  static async open(options: FileStoreOptions, tools: StoreTools): Promise<FileStore> {
    const parsed = parseDirectories(options.datadir, options.datadirs ?? [], tools.warn);
    const filePerm = options.filePerm ?? 0;
    let { readOnly } = parsed;
    if (filePerm > 0 && (filePerm & 0o400) === 0) {
      readOnly ??= "'filesystem_store_file_perm' must let the owner read.";
    }
    let mounts: Mount[] = [];
    if (options.metadataFile) {
      const read = await readMounts(options.metadataFile);
      if (typeof read === "string") readOnly ??= read;
      else mounts = read;
    }
    for (const { path } of parsed.directories) {
      readOnly ??= await prepareDirectory(path, filePerm, tools.warn);
    }
    const name = options.id ?? "file";
    if (readOnly !== null) tools.warn(`Store ${name} takes no data: ${readOnly}`);
    const presence = await Presence.at(parsed.directories.map(({ path }) => path), name, tools);
    return new FileStore(options, tools, { directories: parsed.directories, mounts, readOnly, presence });
  }

  get urlPrefix(): string {
    return this.urlPrefixes[0] ?? "file://";
  }

  async open(imageId: string, options: WriteOptions): Promise<WriteHandle> {
    if (this.readOnly !== null) fail("store_add_disabled");
    if (!SAFE_ID.test(imageId)) fail("bad_request", "The image id cannot be a file name.");
    const algorithm = nodeAlgorithm(options.algorithm, HASHING_ALGORITHM);
    for (const path of this.datadirs) {
      if (await exists(`${path}/${imageId}`, this.#timeout)) {
        fail("store_duplicate", `Image ${imageId} already exists`);
      }
    }
    const directory = await this.#choose(options.size ?? 0);
    return await FileWrite.open({
      directory,
      name: imageId,
      filePerm: this.#filePerm,
      thin: this.#thin,
      hashPool: this.#tools.hashPool,
      warn: this.#tools.warn,
      locate: (path) => this.#locate(path),
    }, { ...options, algorithm });
  }

  /** Chooses the directory for `size` bytes; the free space of a single directory is not checked. */
  async #choose(size: number): Promise<string> {
    const present = await this.#present();
    if (this.#directories.length > 1) return await chooseDirectory(present, size, this.#timeout);
    return present[0]?.path ?? fail("store_write_denied", DIRECTORY_GONE);
  }

  /** Returns the directories that are present. Errors: store_timeout. */
  async #present(): Promise<DataDirectory[]> {
    const gone = await within(
      this.#timeout,
      Promise.all(this.#directories.map(({ path }) => this.#presence.isGone(path))),
    );
    return this.#directories.filter((_, index) => !gone[index]);
  }

  /** Runs a step; a file missing in a directory that is gone becomes `store_gone`. */
  async #orGone<T>(path: string, step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      const directory = this.datadirs.find((each) => path.startsWith(`${each}/`));
      const missed = isError(error, "store_not_found") && directory !== undefined;
      if (missed && await within(this.#timeout, this.#presence.isGone(directory))) {
        throw new GlanceError("store_gone", undefined, { cause: error });
      }
      throw error;
    }
  }

  #locate(path: string): StoredLocation {
    const metadata = mountOf(this.#mounts, path);
    if (this.#mounts.length > 0 && metadata.id === undefined) {
      this.#tools.warn(`No mount point of the metadata file matches ${path}.`);
    }
    return { url: `file://${path}`, metadata: this.id === null ? metadata : { ...metadata, store: this.id } };
  }

  async read(url: string, range?: ByteRange): Promise<StoreRead> {
    const path = pathOf(url);
    return await this.#orGone(path, readFile(path, range, this.#timeout));
  }

  async size(url: string): Promise<number> {
    const path = pathOf(url);
    return await this.#orGone(path, sizeOfFile(path, this.#timeout));
  }

  async free(): Promise<number | null> {
    const free = await Promise.all(this.datadirs.map((path) => freeBytes(path, this.#timeout)));
    const known = free.filter((bytes) => bytes !== null);
    return known.length === 0 ? null : Math.max(...known);
  }

  async problem(): Promise<string | null> {
    if (this.readOnly !== null) return this.readOnly;
    const present = await this.#present();
    return present.length === this.#directories.length ? null : DIRECTORY_GONE;
  }

  async delete(url: string): Promise<void> {
    const path = pathOf(url);
    await this.#orGone(path, this.#unlink(path));
  }

  async #unlink(path: string): Promise<void> {
    try {
      // Two steps: if the lookup times out, nothing may be removed later.
      const { isDirectory } = await within(this.#timeout, Deno.lstat(path));
      // `Deno.remove` would also remove an empty directory.
      if (isDirectory) fail("store_forbidden", `You cannot delete file ${path}`);
      const removal = Deno.remove(path);
      await within(this.#timeout, removal).catch((error) => {
        const late = () => this.#tools.warn(`${path} was deleted after its deletion had timed out`);
        if (isError(error, "store_timeout")) removal.then(late, () => {});
        throw error;
      });
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") {
        fail("store_not_found", "Image data not found in the store.");
      }
      if (error instanceof GlanceError) throw error;
      throw new GlanceError("store_forbidden", `You cannot delete file ${path}`, { cause: error });
    }
  }

  async discard(imageId: string): Promise<string[]> {
    if (!SAFE_ID.test(imageId)) return [];
    const removed: string[] = [];
    for (const directory of this.datadirs) removed.push(...await discardFiles(directory, imageId));
    return removed;
  }

  async sweep(): Promise<string[]> {
    return await sweepTemporary(this.datadirs);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function exists(path: string, timeout: number): Promise<boolean> {
  try {
    await within(timeout, Deno.lstat(path));
    return true;
  } catch (error) {
    if (error instanceof GlanceError) throw error;
    return false;
  }
}

/** The contract every store keeps (spec/stores.md §1). Bytes go in by a write handle and are readable only after its commit. */

/** A half-open range of an image's bytes. */
export interface ByteRange {
  offset: number;
  /** To the end when absent. */
  length?: number;
}

/** What a commit leaves: the location to record. `metadata` carries `store` in multi-store mode. */
export interface StoredLocation {
  url: string;
  metadata: Record<string, unknown>;
}

/** Digests of the bytes written, lower-case hex. */
export interface Digests {
  md5: string;
  /** Of the algorithm the handle was opened with. */
  hash: string;
}

/** How to write. */
export interface WriteOptions {
  /** Expected bytes; null = unknown. Used to choose a place with room. */
  size: number | null;
  /** Second hash, a node:crypto name such as `sha512`. md5 is always computed. */
  algorithm: string;
  /** Zeros may become holes: the data had some where it comes from. */
  sparse?: boolean;
}

/**
 * One image on its way into a store. `cancel` may be called at any time, also after a `commit` or twice, and leaves
 * nothing behind; what another writer has put in its place meanwhile is not touched.
 */
export interface WriteHandle {
  /**
   * Writes the whole body. Resolves when all of it is in the store's hands; errors: store_full, store_write_denied,
   * internal (the body's own error is passed on as it is). A store that knows calls `check` with the bytes written
   * after each piece; what that throws ends the body.
   */
  pipe(body: ReadableStream<Uint8Array>, signal?: AbortSignal, check?: (size: number) => void): Promise<void>;
  /** Bytes written so far, cheap; may be polled while `pipe` runs. */
  written(): Promise<number>;
  /** Reads bytes already written, for format inspection; null when not yet there or this store cannot read back. */
  peek(offset: number, length: number): Promise<Uint8Array | null>;
  /** The digests of all bytes; call after `pipe`. */
  digests(): Promise<Digests>;
  /** Makes the bytes durable and readable. Errors: store_duplicate when data of that image already stands there. */
  commit(): Promise<StoredLocation>;
  cancel(): Promise<void>;
}

/** Bytes coming out of a store. */
export interface StoreRead {
  body: ReadableStream<Uint8Array>;
  /** Bytes that will come; null = unknown. */
  length: number | null;
  /** Bytes of the whole object; null = unknown. */
  size: number | null;
}

export interface Store {
  /** Id in multi-store mode; null in single-store mode. */
  readonly id: string | null;
  /** Driver name as `enabled_backends` has it. */
  readonly type: string;
  /** URL schemes it serves. */
  readonly schemes: readonly string[];
  readonly description: string | null;
  readonly weight: number;
  /** Why it takes no data, or null: `http` by design, others when wrongly configured (spec/stores.md §1.1). */
  readonly readOnly: string | null;
  /** Whether `read` honours a range. */
  readonly randomRead: boolean;
  /** Locations of this store begin so; used to guess the store of a URL. */
  readonly urlPrefix: string;
  /** All prefixes, when there are several. */
  readonly urlPrefixes?: readonly string[];
  /** `properties` of GET /v2/info/stores/detail. */
  readonly properties: Record<string, unknown>;
  /** Errors: store_add_disabled, store_duplicate, store_full, store_write_denied. */
  open(imageId: string, options: WriteOptions): Promise<WriteHandle>;
  /** Errors: store_not_found, store_gone, store_bad_uri, store_remote_unavailable, store_random_get_not_supported. */
  read(url: string, range?: ByteRange): Promise<StoreRead>;
  /** Bytes, 0 = unknown. Errors as `read`. */
  size(url: string): Promise<number>;
  /** Most bytes that one image may still have; null = unknown. Errors: store_timeout. */
  free(): Promise<number | null>;
  /** Why it cannot be used as it should be, or null. Errors: store_timeout. */
  problem(): Promise<string | null>;
  /** Errors: store_not_found, store_gone, store_forbidden, store_timeout, store_in_use, store_has_snapshot, store_delete_not_supported. */
  delete(url: string): Promise<void>;
  /**
   * Removes whatever an upload of that image may have left here, finished or not; returns what, for the log. Only
   * called when the image has no location in this store and nobody uploads it. Errors: internal.
   */
  discard(imageId: string): Promise<string[]>;
  /** Removes what uploads of dead processes left unfinished, of any image; returns what, for the log. */
  sweep(): Promise<string[]>;
  close(): Promise<void>;
}

/** What a store is called in messages: its id, or in single-store mode its driver. */
export function nameOf({ id, type }: Pick<Store, "id" | "type">): string {
  return id ?? type;
}

/** All configured stores. */
export interface Stores {
  /** Whether `enabled_backends` is set. */
  readonly multi: boolean;
  /** In configuration order; reserved stores are not among them. */
  readonly all: readonly Store[];
  readonly default: Store;
  byId(id: string): Store | null;
  /** The store that serves a location: by `metadata.store` in multi mode, by scheme otherwise; guessed when that names none; null when none does. */
  forLocation(location: { url: string; metadata: Record<string, unknown> }): Store | null;
  /** The store whose prefix covers most of a URL, for locations that name none or one that is gone (§10). */
  guess(url: string): Store | null;
  /** Locations in the order of §3.8: by store weight, highest first, stable. */
  order<L extends { url: string; metadata: Record<string, unknown> }>(locations: readonly L[]): L[];
  /** The staging area. */
  readonly staging: Store;
  close(): Promise<void>;
}

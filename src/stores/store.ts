/** The contract of all stores (docs/reference/stores.md §1). Bytes are written through a handle and readable only after its commit. */
import { fail } from "../errors.ts";

/** A half-open range of an image's bytes. */
export interface ByteRange {
  offset: number;
  /** Default: to the end. */
  length?: number;
}

/** The location to record after a commit. `metadata` contains `store` in multi-store mode. */
export interface StoredLocation {
  url: string;
  metadata: Record<string, unknown>;
}

/** Digests of the bytes written, lower-case hex. */
export interface Digests {
  md5: string;
  /** By `WriteOptions.algorithm`. */
  hash: string;
}

/** How to write. */
export interface WriteOptions {
  /** Expected bytes; null = unknown. Helps to choose a directory with enough space. */
  size: number | null;
  /** Second hash, a node:crypto name such as `sha512`. md5 is always computed. */
  algorithm: string;
  /** Zeros may become holes, because the source of the data has holes. */
  sparse?: boolean;
}

/**
 * One image being written. `cancel` may be called at any time, also twice or after `commit`; it removes everything
 * this handle wrote, but not the file of another writer at the same name.
 */
export interface WriteHandle {
  /**
   * Writes the whole body. Resolves when the store has all of it. Errors: store_full, store_write_denied, internal;
   * errors of the body are rethrown. Stores that can call `check` with the bytes written after each piece; an error it
   * throws ends the write.
   */
  pipe(body: ReadableStream<Uint8Array>, signal?: AbortSignal, check?: (size: number) => void): Promise<void>;
  /** Bytes written so far, cheap; may be polled while `pipe` runs. */
  written(): Promise<number>;
  /** Reads bytes already written, for format inspection; null if not yet written or if the store cannot read back. */
  peek(offset: number, length: number): Promise<Uint8Array | null>;
  /** The digests of all bytes; call after `pipe`. */
  digests(): Promise<Digests>;
  /** Makes the bytes durable and readable. Errors: store_duplicate if the store has data of that image already. */
  commit(): Promise<StoredLocation>;
  cancel(): Promise<void>;
}

/** Bytes read from a store. */
export interface StoreRead {
  body: ReadableStream<Uint8Array>;
  /** Bytes in `body`; null = unknown. */
  length: number | null;
  /** Bytes of the whole object; null = unknown. */
  size: number | null;
}

/** The id of a store; null is the only store of the single-store mode. */
export type StoreId = string | null;

export interface Store {
  readonly id: StoreId;
  /** Driver name as in `enabled_backends`. */
  readonly type: string;
  /** URL schemes of its locations. */
  readonly schemes: readonly string[];
  readonly description: string | null;
  readonly weight: number;
  /** Why it takes no data, or null: `http` by design, others if misconfigured (docs/reference/stores.md §1.1). */
  readonly readOnly: string | null;
  /** Whether `read` honours a range. */
  readonly randomRead: boolean;
  /** Prefix of its locations; used to guess the store of a URL. */
  readonly urlPrefix: string;
  /** All prefixes, if there are several. */
  readonly urlPrefixes?: readonly string[];
  /** `properties` of GET /v2/info/stores/detail. */
  readonly properties: Record<string, unknown>;
  /** Errors: store_add_disabled, store_duplicate, store_full, store_write_denied. */
  open(imageId: string, options: WriteOptions): Promise<WriteHandle>;
  /** Errors: store_not_found, store_gone, store_bad_uri, store_remote_unavailable, store_random_get_not_supported. */
  read(url: string, range?: ByteRange): Promise<StoreRead>;
  /** Returns bytes; 0 = unknown. Errors: those of `read`. */
  size(url: string): Promise<number>;
  /** Returns the largest size in bytes that a new image may have; null = unknown. Errors: store_timeout. */
  free(): Promise<number | null>;
  /** Returns why the store is not fully usable, or null. Errors: store_timeout. */
  problem(): Promise<string | null>;
  /** Errors: store_not_found, store_gone, store_forbidden, store_timeout, store_in_use, store_has_snapshot, store_delete_not_supported. */
  delete(url: string): Promise<void>;
  /**
   * Removes everything that an upload of that image left here, finished or not; returns the paths, for the log. Only
   * called if the image has no location in this store and no upload in progress. Errors: internal.
   */
  discard(imageId: string): Promise<string[]>;
  /** Removes unfinished uploads of dead processes, of all images; returns the paths, for the log. */
  sweep(): Promise<string[]>;
  close(): Promise<void>;
}

/** Returns the name of a store in messages: its id, or in single-store mode its driver. */
export function nameOf({ id, type }: Pick<Store, "id" | "type">): string {
  return id ?? type;
}

/** All configured stores. */
export interface Stores {
  /** Whether `enabled_backends` is set. */
  readonly multi: boolean;
  /** In configuration order, without the reserved stores. */
  readonly all: readonly Store[];
  readonly default: Store;
  byId(id: string): Store | null;
  /**
   * Returns the store of a location, or null: in multi-store mode by `metadata.store`, else by `guess`; in single-store
   * mode by scheme.
   */
  forLocation(location: { url: string; metadata: Record<string, unknown> }): Store | null;
  /** Returns the store with the longest matching prefix, for locations without a known store (docs/reference/stores.md §10). */
  guess(url: string): Store | null;
  /** Sorts locations by store weight, highest first, stable (docs/reference/images-api.md §3.8). */
  order<L extends { url: string; metadata: Record<string, unknown> }>(locations: readonly L[]): L[];
  /** The staging area. */
  readonly staging: Store;
  close(): Promise<void>;
}

/** Returns the scheme of a location in lower case; null if it has none. */
export function schemeOrNull(url: string): string | null {
  return /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase() ?? null;
}

/** Returns the scheme of a location in lower case. Errors: store_bad_uri. */
export function schemeOf(url: string): string {
  return schemeOrNull(url) ?? fail("store_bad_uri", "The Store URI was malformed.");
}

/**
 * Returns the absolute path of a `file://` or `filesystem://` location: the text after the scheme, not URL-decoded, up
 * to a `?` or `#` (docs/reference/stores.md §2). Errors: store_bad_uri.
 */
export function pathOf(url: string): string {
  const scheme = schemeOf(url);
  const path = url.slice(scheme.length + 3).split(/[?#]/, 1)[0]!;
  const malformed = scheme !== "file" && scheme !== "filesystem" || !path.startsWith("/") ||
    path.includes("\0") || path.split("/").includes("..");
  if (malformed) fail("store_bad_uri", "The Store URI was malformed.");
  return path;
}

/** Returns the id of the store of a location; `backend` is the older key (docs/reference/stores.md §1.4). */
export function storeIdOf(metadata: Record<string, unknown>): string | null {
  const id = metadata.store ?? metadata.backend;
  return typeof id === "string" ? id : null;
}

/**
 * Returns how much of a location a store's URL prefix covers; 0 = the location is not in that store. Only whole path
 * segments match: `file:///data/img` does not cover `file:///data/img2/x`. User info is ignored, so that a change of
 * credentials does not lose locations; a prefix without `://` covers its whole scheme.
 */
export function prefixLength(url: string, prefix: string): number {
  if (!prefix.includes("://")) return url.toLowerCase().startsWith(prefix) ? 1 : 0;
  const bare = prefix.replace(/\/+$/, "");
  const plain = /^file(system)?:\/\//i.test(url)
    ? `file${url.slice(url.indexOf("://"))}`
    : url.replace(/:\/\/.*@/, "://");
  return plain === bare || plain.startsWith(`${bare}/`) ? bare.length : 0;
}

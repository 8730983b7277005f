/**
 * One transfer of data to an image: upload and stage, from the write that begins it to the one that ends it. Its lease,
 * the clean-up after a failure and the commit whose outcome is unknown are here and nowhere else (docs/adr/0004).
 * `receive` takes a body into a write handle under the caps on size and stall, for imports too; `uploadError` and
 * `stageError` say what an error of the store is to the uploader (docs/reference/stores.md §1.2).
 */
import type { ImageColumns, ImageRecord, NewUpload } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail, GlanceError, isError } from "../errors.ts";
import type { Held } from "../leases/held.ts";
import { uploadFailure } from "../notify/payloads.ts";
import { getLog } from "../observe/log.ts";
import { checkStorageQuota, type Quota, refuseStorage } from "../quota/quota.ts";
import { nameOf, type Store, type WriteHandle } from "../stores/store.ts";
import { isOfBody } from "../util/pump.ts";
import { recoverUpload } from "./recover.ts";

const log = getLog("oneglance.images.transfer");
const storeLog = getLog("oneglance.stores");

/** The two statuses of an image that receives data, and what differs between them. */
const KINDS = {
  /** An upload: the data becomes a location, the image active. Only an upload has notifications of its data. */
  saving: { ends: "active", isUpload: true, errorOf: uploadError },
  /** Staged data: no location, and the image waits for its import. */
  uploading: { ends: "same", isUpload: false, errorOf: stageError },
} as const;

interface TransferInput {
  /** As the caller found it: `queued`. */
  image: ImageRecord;
  /** The status during the transfer. */
  to: keyof typeof KINDS;
  /** Receives the data. */
  store: Store;
  /** What the lease says of the store, for the recovery of a dead process; null in single-store mode. */
  storeId: string | null;
  /** The quota that the write that begins the transfer must keep. */
  limit: Quota | null;
}

/** The last write of a transfer. */
interface Completion {
  columns: Partial<Omit<ImageColumns, "status">>;
  setProperties?: Record<string, string>;
  /** The quota that this write must keep. */
  limit?: Quota | null;
}

export interface Transfer {
  /** As the write that began the transfer left it. */
  image: ImageRecord;
  /** Fires when the service stops. */
  signal: AbortSignal;
  /**
   * Writes the whole body to the store. `declared`: bytes, null = unknown; `room`: bytes that the quota leaves, null =
   * any number. Resolves to the number of bytes and the handle, which is not committed. Errors: those of `receive`
   * and `Store.open`.
   */
  receive(
    body: ReadableStream<Uint8Array>,
    given: { declared: number | null; room: number | null },
  ): Promise<{ size: number; handle: WriteHandle }>;
  /** Commits the data and ends the transfer. False when the image was deleted meanwhile. Errors: too_large, those of the commit, database. */
  complete(how: Completion): Promise<boolean>;
}

/**
 * Takes a queued image through a transfer; `work` receives the data and completes it. When `work` throws, the image is
 * `queued` again and no byte stays. Errors: not_found, conflict, too_large; those of `work`, with those of the store as
 * the caller should see them.
 */
export async function withTransfer(
  ctx: Ctx,
  input: TransferInput,
  work: (transfer: Transfer) => Promise<void>,
): Promise<void> {
  const held = ctx.deps.leases.enter("upload", input.image.id, input.storeId);
  try {
    const image = await begin(ctx, input, held.lease);
    const transfer = new Running(ctx, { ...input, image }, held);
    try {
      await work(transfer);
    } catch (error) {
      await transfer.undo(error);
      throw error;
    }
  } catch (error) {
    throw KINDS[input.to].errorOf(error);
  } finally {
    held.end();
  }
}

/** Errors: conflict, unless the image is `queued`. */
export function requireQueued(image: ImageRecord, to: TransferInput["to"]): void {
  if (image.status !== "queued") refuseTransition(image.status, to);
}

/** Errors: not_found, conflict, too_large. */
async function begin(
  ctx: Ctx,
  { image: { id }, to, limit }: TransferInput,
  lease: NewUpload,
): Promise<ImageRecord> {
  const begun = await ctx.deps.db.write.images.transition({
    id,
    from: ["queued"],
    to,
    beginUpload: lease,
    ...(KINDS[to].isUpload ? { data: "prepared" } : {}),
    limit: limit?.limit ?? null,
  });
  if (begun.outcome === "gone") fail("not_found", `No image found with ID ${id}`, { close: true });
  if (begun.outcome === "status") refuseTransition(begun.status, to);
  if (begun.outcome === "over") return limit!.refuse(begun.used);
  return begun.image;
}

class Running implements Transfer {
  readonly image: ImageRecord;
  readonly signal: AbortSignal;
  readonly #ctx: Ctx;
  readonly #input: TransferInput;
  readonly #lease: Held["lease"];
  #handle: WriteHandle | undefined;
  /** The last write was sent and not answered: only the lease shows whether it was done. */
  #unsure = false;

  constructor(ctx: Ctx, input: TransferInput, { lease, signal }: Held) {
    this.#ctx = ctx;
    this.#input = input;
    this.#lease = lease;
    this.image = input.image;
    this.signal = signal;
  }

  async receive(
    body: ReadableStream<Uint8Array>,
    { declared, room }: { declared: number | null; room: number | null },
  ): Promise<{ size: number; handle: WriteHandle }> {
    const algorithm = this.#ctx.deps.config.get("DEFAULT.hashing_algorithm");
    const handle = await this.#input.store.open(this.image.id, { size: declared, algorithm });
    this.#handle = handle;
    return { size: await receive(this.#ctx, handle, body, declared, this.signal, { room }), handle };
  }

  async complete({ columns, setProperties, limit = null }: Completion): Promise<boolean> {
    const { to } = this.#input;
    const { ends, isUpload } = KINDS[to];
    const location = await this.#handle!.commit();
    this.#unsure = true;
    const done = await this.#ctx.deps.db.write.images.transition({
      id: this.image.id,
      from: [to],
      to: ends,
      columns,
      ...(isUpload ? { addLocations: [location], data: "uploaded" } : {}),
      ...(setProperties ? { setProperties } : {}),
      endUpload: this.#lease.token,
      limit: limit?.limit ?? null,
    });
    this.#unsure = false;
    if (done.outcome === "over") limit!.refuse(done.used);
    return done.outcome === "done";
  }

  /** Removes what was written and makes the image `queued` again, unless it was deleted meanwhile. Errors: those of the handle. */
  async undo(cause: unknown): Promise<void> {
    const { deps } = this.#ctx;
    const { id } = this.image;
    if (this.#unsure) {
      await recoverUpload(deps, { ...this.#lease, image_id: id });
      return;
    }
    await warnIfFull(this.#ctx, this.#input.store, id, cause);
    await this.#handle?.cancel();
    const { isUpload, errorOf } = KINDS[this.#input.to];
    const failure = isUpload ? { failure: uploadFailure(errorOf(cause)) } : {};
    await deps.db.write.uploads.cancel({ token: this.#lease.token, ...failure }).catch((error) =>
      log.error(`image ${id} could not be put back to queued yet`, { error, repeated: "put back" })
    );
  }
}

function refuseTransition(status: string, to: string): never {
  fail("conflict", `Image status transition from ${status} to ${to} is not allowed`, { close: true });
}

/** How often received bytes are counted, in ms. */
const POLL = 100;

interface ReceiveOptions {
  /** Bytes that the storage quota leaves; null = any number. */
  room?: number | null;
  /** Called from time to time with the bytes written so far. */
  moved?: (bytes: number) => void;
  /** The error for a body that breaks off; default is that of a client that left. */
  broken?: (cause: unknown) => GlanceError;
}

/**
 * Writes the whole body; resolves to the number of bytes. `declared` null = unknown.
 * Errors: bad_request for another size than declared, too_large above image_size_cap or `room` or on a full store,
 * the reason of `stop` (unavailable where it is none of ours), `broken` when the body breaks off,
 * what the store throws as it is.
 */
export async function receive(
  ctx: Ctx,
  handle: WriteHandle,
  body: ReadableStream<Uint8Array>,
  declared: number | null,
  stop: AbortSignal,
  { room = null, moved = () => {}, broken = clientLeft }: ReceiveOptions = {},
): Promise<number> {
  const check = (size: number) => {
    moved(size);
    checkSize(ctx, size, declared, room);
  };
  await pipeWatched(ctx, handle, body, check, stop).catch((error) => {
    throw error instanceof GlanceError || !isOfBody(error) ? error : broken(error);
  });
  const size = await writtenBy(handle);
  check(size);
  if (declared !== null && size < declared) {
    fail("bad_request", `Size mismatch: expected ${declared} bytes, got ${size} bytes`);
  }
  return size;
}

/** Errors: those of the store, of the closed list. */
async function writtenBy(handle: WriteHandle): Promise<number> {
  try {
    return await handle.written();
  } catch (error) {
    if (error instanceof GlanceError) throw error;
    throw new GlanceError("internal", "The store does not say how much it has written.", { cause: error });
  }
}

function clientLeft(cause: unknown): GlanceError {
  const text = "The data ended early: the client closed the connection.";
  return new GlanceError("client_left", text, { cause, close: true });
}

/** Errors: those of the handle and of `check`, the body's own. */
async function pipeWatched(
  ctx: Ctx,
  handle: WriteHandle,
  body: ReadableStream<Uint8Array>,
  check: (size: number) => void,
  stop: AbortSignal,
): Promise<void> {
  const { config } = ctx.deps;
  const abort = new AbortController();
  const onStop = () => {
    const { reason } = stop;
    const known = reason instanceof GlanceError;
    abort.abort(known ? reason : new GlanceError("unavailable", "The service is stopping."));
  };
  stop.addEventListener("abort", onStop);
  const patience = config.get("oneglance.body_stall_timeout") * 1000;
  let last = -1;
  let since = Date.now();
  const timer = setInterval(async () => {
    try {
      const size = await writtenBy(handle);
      check(size);
      if (size !== last) [last, since] = [size, Date.now()];
      else if (patience > 0 && Date.now() - since > patience) {
        fail("bad_request", `No data came for ${patience / 1000} seconds.`, { close: true });
      }
    } catch (error) {
      abort.abort(error);
    }
  }, POLL);
  try {
    await handle.pipe(body, abort.signal, check);
  } catch (error) {
    throw abort.signal.aborted ? abort.signal.reason : error;
  } finally {
    clearInterval(timer);
    stop.removeEventListener("abort", onStop);
  }
}

/** The bytes that the storage quota leaves to the image, null = any number. Errors: too_large, when the declared size is more than that or the cap. */
export async function checkRoom(ctx: Ctx, imageId: string, declared: number | null): Promise<number | null> {
  if (declared !== null) checkSizeCap(ctx, declared);
  return await checkStorageQuota(ctx, imageId, declared);
}

/** Errors: too_large, when the declared size is above image_size_cap. */
export function checkSizeCap(ctx: Ctx, size: number): void {
  const cap = ctx.deps.config.get("DEFAULT.image_size_cap");
  if (size > cap) {
    fail("too_large", `The incoming image is too large: ${size} bytes, image_size_cap allows ${cap}.`, {
      close: true,
    });
  }
}

function checkSize(ctx: Ctx, size: number, declared: number | null, room: number | null): void {
  if (declared !== null && size > declared) {
    fail("bad_request", `Size exceeds: expected ${declared} bytes, got ${size} bytes`, { close: true });
  }
  checkSizeCap(ctx, size);
  if (room !== null && size > room) refuseStorage(size, room);
}

/** The upload's error for a store's error; any other error as it is. The body was not read to its end, so the connection is closed. */
function uploadError(error: unknown): unknown {
  if (!isError(error)) return error;
  const options = { cause: error, close: true };
  switch (error.code) {
    case "store_full":
      return new GlanceError("too_large", `Image storage media is full: ${error.message}`, options);
    case "store_write_denied":
      return new GlanceError(
        "unavailable",
        `Insufficient permissions on image storage media: ${error.message}`,
        options,
      );
    case "store_add_disabled":
      return new GlanceError(
        "gone",
        "Error in store configuration. Adding images to store is disabled.",
        options,
      );
    case "store_duplicate":
      // Data that no image refers to. Upstream answers 500 too; the text at least says what to do.
      return new GlanceError(
        "internal",
        `${error.message} Remove the data that no image refers to, then upload again.`,
        options,
      );
    default:
      return error;
  }
}

/** The same for staging: the store is the staging area, and its data belongs to the image. */
function stageError(error: unknown): unknown {
  const options = { cause: error, close: true };
  if (isError(error, "store_duplicate")) return new GlanceError("conflict", error.message, options);
  if (isError(error, "store_add_disabled")) {
    return new GlanceError("unavailable", "The staging area takes no data.", options);
  }
  return uploadError(error);
}

/** Logs that a store had no room for an image; does nothing for other errors. Never throws. */
export async function warnIfFull(
  { deps, caller, requestId }: Ctx,
  store: Store,
  imageId: string,
  error: unknown,
): Promise<void> {
  if (!isError(error, "store_full")) return;
  const free = await store.free().catch(() => null);
  const name = store === deps.stores.staging ? "the staging area" : `store ${nameOf(store)}`;
  storeLog.warn(`${name} is full: no room for image ${imageId}; bytes free: ${free ?? "unknown"}`, {
    context: { ...caller, requestId },
  });
}

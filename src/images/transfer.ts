/**
 * One transfer of data to an image: upload and stage, from the write that begins it to the one that ends it. Its lease,
 * the clean-up after a failure and the commit whose outcome is unknown are here and nowhere else (docs/adr/0004).
 */
import type { ImageColumns, ImageRecord, UploadLease } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import type { Held } from "../leases/held.ts";
import { uploadFailure } from "../notify/payloads.ts";
import { getLog } from "../observe/log.ts";
import type { Quota } from "../quota/quota.ts";
import type { Store, WriteHandle } from "../stores/store.ts";
import { receive } from "./receive.ts";
import { recoverUpload } from "./recover.ts";
import { stageError, uploadError, warnIfFull } from "./store_errors.ts";

const log = getLog("oneglance.images.transfer");

/** The two statuses of an image that receives data, and what differs between them. */
const KINDS = {
  /** An upload: the data becomes a location, the image active. Only an upload has notifications of its data. */
  saving: { ends: "active", isUpload: true, errorOf: uploadError },
  /** Staged data: no location, and the image waits for its import. */
  uploading: { ends: "same", isUpload: false, errorOf: stageError },
} as const;

export interface TransferInput {
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
export interface Completion {
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
  lease: Omit<UploadLease, "image_id">,
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

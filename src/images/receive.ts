/** Takes a request's body into a write handle under the caps on size and stall (docs/architecture.md). */
import type { Ctx } from "../deps.ts";
import { fail, GlanceError } from "../errors.ts";
import { checkStorageQuota, refuseStorage } from "../quota/storage.ts";
import type { WriteHandle } from "../stores/store.ts";
import { isOfBody } from "../util/pump.ts";

/** How often received bytes are counted, in ms. */
const POLL = 100;

export interface ReceiveOptions {
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

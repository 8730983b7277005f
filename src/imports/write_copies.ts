/** One read of a source into several stores at once; a store that fails does not stop the others. */
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { type Digests, nameOf, type Store, type WriteHandle, type WriteOptions } from "../stores/store.ts";

const log = getLog("oneglance.imports");

/** What became of one store. `error` undefined: the data is written, not yet committed. */
export interface Copy {
  store: Store;
  handle?: WriteHandle;
  size: number;
  digests?: Digests;
  error?: unknown;
}

interface Branch extends Copy {
  handle: WriteHandle;
  writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Never rejects; sets `error`. */
  piped: Promise<void>;
}

export interface CopyOptions extends WriteOptions {
  imageId: string;
  signal: AbortSignal;
  /** Whether no location names what a store has of the image: then it is replaced. */
  isLeftOver: (store: Store) => Promise<boolean>;
  /** Told how many bytes have come so far. */
  moved: (bytes: number) => void;
}

/**
 * Writes all of `body` into each store. Errors: those of the body and the signal's reason; then nothing is left
 * written anywhere.
 */
export async function writeCopies(
  body: ReadableStream<Uint8Array>,
  stores: readonly Store[],
  options: CopyOptions,
): Promise<Copy[]> {
  const copies = await Promise.all(stores.map((store) => openCopy(store, options)));
  const branches = copies.flatMap((copy) => copy.handle ? [branchOf(copy, copy.handle, options.signal)] : []);
  try {
    await feed(body, branches, options);
    await Promise.all(branches.map(finish));
    options.signal.throwIfAborted();
    return [...copies.filter(({ handle }) => !handle), ...branches];
  } catch (error) {
    await Promise.all(branches.map(({ handle }) => handle.cancel()));
    throw error;
  }
}

async function openCopy(store: Store, options: CopyOptions): Promise<Copy> {
  try {
    return { store, size: 0, handle: await openReplacing(store, options) };
  } catch (error) {
    return { store, size: 0, error };
  }
}

async function openReplacing(store: Store, options: CopyOptions): Promise<WriteHandle> {
  const { imageId } = options;
  try {
    return await store.open(imageId, options);
  } catch (error) {
    if (!isError(error, "store_duplicate") || !await options.isLeftOver(store)) throw error;
    const removed = await store.discard(imageId);
    log.warn(
      `store ${nameOf(store)} had data of image ${imageId} that no location names; removed: ${removed}`,
    );
    return await store.open(imageId, options);
  }
}

function branchOf(copy: Copy, handle: WriteHandle, signal: AbortSignal): Branch {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  const branch: Branch = { ...copy, handle, writer, piped: Promise.resolve() };
  branch.piped = handle.pipe(readable, signal).catch((error) => {
    branch.error = error;
  });
  return branch;
}

async function feed(
  body: ReadableStream<Uint8Array>,
  branches: Branch[],
  { signal, moved }: CopyOptions,
): Promise<void> {
  const reader = body.getReader();
  const abort = () => reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", abort, { once: true });
  let bytes = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const live = branches.filter(({ error }) => error === undefined);
      if (live.length === 0) break;
      const { value, done } = await reader.read();
      signal.throwIfAborted();
      if (done) break;
      // The slowest store sets the pace: nothing is kept in memory for it.
      await Promise.all(
        live.map(({ writer, piped }) => Promise.race([writer.write(value).catch(() => {}), piped])),
      );
      moved(bytes += value.length);
    }
  } finally {
    signal.removeEventListener("abort", abort);
    reader.cancel().catch(() => {});
  }
}

async function finish(branch: Branch): Promise<void> {
  branch.writer.close().catch(() => {});
  await branch.piped;
  try {
    if (branch.error !== undefined) throw branch.error;
    branch.size = await branch.handle.written();
    branch.digests = await branch.handle.digests();
  } catch (error) {
    branch.error = error;
    await branch.handle.cancel();
  }
}

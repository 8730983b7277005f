/** One read of a source into several stores at once; a store that fails does not stop the others. */
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { type Digests, nameOf, type Store, type WriteHandle, type WriteOptions } from "../stores/store.ts";

const log = getLog("oneglance.imports");

/** All of the data is in the store, not yet committed. */
export interface GoodCopy {
  store: Store;
  ok: true;
  handle: WriteHandle;
  size: number;
  digests: Digests;
}

/** The store did not take the data; nothing of it is left there. */
export interface BadCopy {
  store: Store;
  ok: false;
  error: unknown;
}

export type Copy = GoodCopy | BadCopy;

interface CopyOptions extends WriteOptions {
  imageId: string;
  signal: AbortSignal;
  /** Whether no location names what a store has of the image: then it is replaced. */
  isLeftOver: (store: Store) => Promise<boolean>;
  /** Called with the bytes that have come so far. */
  moved: (bytes: number) => void;
}

/** One store while the data flows. */
interface Branch {
  store: Store;
  handle: WriteHandle;
  writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Why the store takes no more data. */
  error?: unknown;
  /** Never rejects; sets `error`. */
  piped: Promise<void>;
}

/**
 * Writes all of the data that `open` gives into each store. Errors: those of the source and the signal's reason; then
 * nothing is left in any store.
 */
export async function copyToAll(
  open: () => Promise<ReadableStream<Uint8Array>>,
  stores: readonly Store[],
  options: CopyOptions,
): Promise<Copy[]> {
  const body = await open();
  const opened = await Promise.all(stores.map((store) => openBranch(store, options)));
  const branches = opened.filter((each) => "writer" in each);
  try {
    await feed(body, branches, options);
    const copies = await Promise.all(opened.map((each) => "writer" in each ? finish(each) : each));
    options.signal.throwIfAborted();
    return copies;
  } catch (error) {
    await Promise.all(branches.map(({ handle }) => handle.cancel()));
    throw error;
  }
}

async function openBranch(store: Store, options: CopyOptions): Promise<Branch | BadCopy> {
  try {
    return branchOf(store, await openReplacing(store, options), options.signal);
  } catch (error) {
    return { store, ok: false, error };
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

function branchOf(store: Store, handle: WriteHandle, signal: AbortSignal): Branch {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  const branch: Branch = { store, handle, writer, piped: Promise.resolve() };
  branch.piped = handle.pipe(readable, signal).catch((error) => {
    branch.error = error;
  });
  return branch;
}

async function feed(
  body: ReadableStream<Uint8Array>,
  branches: readonly Branch[],
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

async function finish(branch: Branch): Promise<Copy> {
  const { store, handle, writer } = branch;
  writer.close().catch(() => {});
  await branch.piped;
  try {
    if (branch.error !== undefined) throw branch.error;
    return { store, ok: true, handle, size: await handle.written(), digests: await handle.digests() };
  } catch (error) {
    await handle.cancel();
    return { store, ok: false, error };
  }
}

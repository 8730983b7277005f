/** Plugin image_decompression (spec/background-jobs.md §4.2). */
import { fail } from "../../errors.ts";
import { checkStorageQuota } from "../../quota/storage.ts";
import { withoutPaths } from "../../util/without_paths.ts";
import { compressionOf, MAGIC_LENGTH } from "./compression.ts";
import type { DecompressReply, DecompressRequest } from "./decompress_worker.ts";
import type { Plugin } from "./plugin.ts";

/** Replaces staged data that is compressed by its plain form; other data stays as it is. Errors: bad_request, too_large. */
export const decompressImage: Plugin = async ({ ctx, image, path, copies, signal, progress }) => {
  if (image.container_format === "compressed") return { path };
  const kind = compressionOf(await headOf(path));
  if (kind === null) return { path };
  const plain = `${path}.uc`;
  const { config, workers } = ctx.deps;
  const room = await checkStorageQuota(ctx, image.id, null, copies);
  try {
    const size = await inWorker(
      workers.decompress,
      {
        kind,
        from: path,
        to: plain,
        maxBytes: Math.min(config.get("DEFAULT.image_size_cap"), room ?? Infinity),
        maxRatio: config.get("oneglance.decompression_max_ratio"),
      },
      signal,
      progress,
    );
    await Deno.rename(plain, path);
    return { path, columns: { size } };
  } catch (error) {
    await Deno.remove(plain).catch(() => {});
    signal.throwIfAborted();
    throw error;
  }
};

async function headOf(path: string): Promise<Uint8Array> {
  using file = await Deno.open(path, { read: true });
  const head = new Uint8Array(MAGIC_LENGTH);
  const read = await file.read(head);
  return head.subarray(0, read ?? 0);
}

async function inWorker(
  url: URL,
  request: DecompressRequest,
  signal: AbortSignal,
  progress: (text: string) => void,
): Promise<number> {
  const worker = new Worker(url, { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  worker.onmessage = ({ data }: MessageEvent<DecompressReply>) => {
    if ("size" in data) resolve(data.size);
    else if ("written" in data) progress(`Decompressed ${Math.floor(data.written / 1024 / 1024)} MiB`);
    else reject(refusal(withoutPaths(data.error, [request.from, request.to])));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(refusal(event.message));
  };
  worker.postMessage(request);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}

function refusal(text: string): unknown {
  try {
    fail(
      text.includes("larger than") ? "too_large" : "bad_request",
      `The data cannot be decompressed: ${text}`,
    );
  } catch (error) {
    return error;
  }
}

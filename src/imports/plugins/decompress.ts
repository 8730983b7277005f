/** Plugin image_decompression (docs/reference/background-jobs.md §4.2). */
import { GlanceError } from "../../errors.ts";
import { checkStorageQuota } from "../../quota/quota.ts";
import { withoutPaths } from "../../util/error_text.ts";
import { type Compression, compressionOf, MAGIC_LENGTH } from "./compression.ts";
import type { DecompressReply, DecompressRequest } from "./decompress_worker.ts";
import type { Plugin, PluginJob } from "./plugin.ts";

/** Replaces staged data that is compressed by its plain form; other data stays as it is. Errors: bad_request, too_large, store_full, store_write_denied. */
export const decompressImage: Plugin = async (job) => {
  const { image, path } = job;
  if (image.container_format === "compressed") return { path };
  const kind = compressionOf(await headOf(path));
  return kind === null ? { path } : { path, columns: { size: await decompressStaged(job, kind) } };
};

/**
 * Replaces the staged file, which has that compression, by its plain form: within image_size_cap, the quota and
 * decompression_max_ratio. The plain bytes. Errors: bad_request, too_large, store_full, store_write_denied.
 */
export async function decompressStaged(
  { ctx, image, path, copies, signal, progress }: PluginJob,
  kind: Compression,
): Promise<number> {
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
    return size;
  } catch (error) {
    await Deno.remove(plain).catch(() => {});
    signal.throwIfAborted();
    throw error;
  }
}

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
    else reject(new GlanceError(data.code, withoutPaths(data.message, [request.from, request.to])));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new GlanceError("bad_request", `The data cannot be decompressed: ${event.message}`));
  };
  worker.postMessage(request);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}

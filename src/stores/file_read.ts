import { GlanceError } from "../errors.ts";
import { sizeOfFile, systemCode } from "./file_disk.ts";
import type { ByteRange, StoreRead } from "./store.ts";

/** Bytes per read of a range. */
const BLOCK = 512 * 1024;

/** Opens a file for reading. Errors: store_not_found, store_bad_uri, store_timeout, internal. */
export async function readFile(
  path: string,
  range: ByteRange | undefined,
  timeout: number,
): Promise<StoreRead> {
  const size = await sizeOfFile(path, timeout);
  const offset = Math.min(range?.offset ?? 0, size);
  const length = Math.min(range?.length ?? size, size - offset);
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true });
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      throw new GlanceError("store_not_found", "Image data not found in the store.");
    }
    throw new GlanceError("internal", "The image data could not be read.", { cause: error });
  }
  // The runtime's own stream is the fastest for a whole file; it closes the handle.
  if (length === size) return { body: file.readable, length, size };
  try {
    await file.seek(offset, Deno.SeekMode.Start);
  } catch (error) {
    file.close();
    throw error;
  }
  return { body: part(file, length), length, size };
}

/** Streams the next `length` bytes of `file`; closes the file at the end, on error and on cancel. */
function part(file: Deno.FsFile, length: number): ReadableStream<Uint8Array> {
  let left = length;
  return new ReadableStream({
    async pull(controller) {
      try {
        const block = new Uint8Array(Math.min(BLOCK, left));
        const got = left === 0 ? 0 : await file.read(block);
        if (got === null) throw new Error(`the file ended ${left} bytes early`);
        left -= got;
        if (got > 0) controller.enqueue(block.subarray(0, got));
        if (left > 0) return;
        file.close();
        controller.close();
      } catch (error) {
        closeQuietly(file);
        throw error;
      }
    },
    cancel: () => closeQuietly(file),
  }, { highWaterMark: 2 });
}

function closeQuietly(file: Deno.FsFile): void {
  try {
    file.close();
  } catch {
    // Closed already.
  }
}

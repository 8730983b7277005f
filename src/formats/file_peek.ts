import type { Peek } from "./inspection.ts";

/** A `Peek` over an open file. It moves the file's position, so calls must not overlap. */
export function filePeek(file: Deno.FsFile): Peek {
  return async (offset, length) => {
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) return null;
      filled += count;
    }
    return bytes;
  };
}

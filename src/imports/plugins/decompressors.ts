/** One stream of plain bytes out of each compression. Errors of broken data are the libraries' own. */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Unzip, UnzipInflate } from "fflate";
import { Decompress } from "fzstd";
import unbzip2 from "unbzip2-stream";
import * as xz from "xz-decompress";
import type { Compression } from "./compression.ts";

// A CommonJS module: the bundler finds the class by its name, the runtime on the default export.
const { XzReadableStream } = "XzReadableStream" in xz
  ? xz
  : (xz as unknown as { default: typeof xz }).default;

type Bytes = ReadableStream<Uint8Array>;

/** The plain bytes. */
export function decompress(kind: Compression, compressed: Bytes): AsyncIterable<Uint8Array> {
  switch (kind) {
    case "gzip":
      return Readable.fromWeb(compressed as never).compose(createGunzip()) as AsyncIterable<Uint8Array>;
    case "bzip2":
      return bunzip(compressed);
    case "xz":
      return new XzReadableStream(compressed) as unknown as AsyncIterable<Uint8Array>;
    case "zstd":
      return pushed(compressed, (emit) => {
        const stream = new Decompress(emit);
        return { push: (chunk, last) => stream.push(chunk, last) };
      });
    case "zip":
      return pushed(compressed, unzipOne);
  }
}

async function* bunzip(compressed: Bytes): AsyncIterable<Uint8Array> {
  const source = Readable.fromWeb(compressed as never);
  const plain = source.pipe(unbzip2());
  source.on("error", (error) => plain.emit("error", error));
  yield* new Readable().wrap(plain as never) as AsyncIterable<Uint8Array>;
}

interface Pusher {
  push(chunk: Uint8Array, last: boolean): void;
}

/** A library that is pushed into and calls back at once, as an iterable. */
async function* pushed(
  compressed: Bytes,
  start: (emit: (chunk: Uint8Array) => void) => Pusher,
): AsyncIterable<Uint8Array> {
  let ready: Uint8Array[] = [];
  const pusher = start((chunk) => void ready.push(chunk));
  let held: Uint8Array | undefined;
  for await (const chunk of compressed) {
    if (held) pusher.push(held, false);
    held = chunk;
    yield* ready;
    ready = [];
  }
  pusher.push(held ?? new Uint8Array(), true);
  yield* ready;
}

/** The one member of an archive; more than one is refused, since nobody could say which is the image. */
function unzipOne(emit: (chunk: Uint8Array) => void): Pusher {
  let members = 0;
  const archive = new Unzip((member) => {
    if (member.name.endsWith("/")) return;
    if (++members > 1) throw new Error("the archive has more than one member");
    member.ondata = (error, chunk) => {
      if (error) throw error;
      emit(chunk);
    };
    member.start();
  });
  archive.register(UnzipInflate);
  return {
    push(chunk, last) {
      archive.push(chunk, last);
      if (last && members === 0) throw new Error("the archive has no member");
    },
  };
}

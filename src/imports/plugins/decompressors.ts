/**
 * Each compression undone piece by piece. Strangers make this data: what it claims of itself must not decide how much
 * memory is taken, so every piece is given away before the next one is made. Errors of broken data are the
 * libraries' own.
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
// Its module for node declares `createRequire`, as the bundle does beside CommonJS packages: the worker would not load.
import { Unzip, UnzipInflate } from "fflate/browser";
import { Decompress } from "fzstd";
import * as xz from "xz-decompress";
import { unpackBzip2 } from "./bzip2.ts";
import type { Compression } from "./compression.ts";
import { ZstdWindows } from "./zstd_windows.ts";

// A CommonJS module: the bundler finds the class by its name, the runtime on the default export.
const { XzReadableStream } = "XzReadableStream" in xz
  ? xz
  : (xz as unknown as { default: typeof xz }).default;

/** Takes plain bytes at once; what it throws ends the work. */
type Emit = (piece: Uint8Array) => void;

/** Compressed bytes that a deflate library gets at once: it makes up to 1032 times as many of them in memory. */
const ZIP_PIECE = 512;

/** Gives the plain bytes of a file to `emit`, from the file's current position. The file may be closed afterwards. */
export async function decompress(kind: Compression, file: Deno.FsFile, emit: Emit): Promise<void> {
  switch (kind) {
    case "gzip":
      return await gunzip(file, emit);
    case "bzip2":
      return unpackBzip2(file, emit);
    case "xz":
      return await unxz(file, emit);
    case "zstd": {
      const windows = new ZstdWindows();
      const plain = new Decompress(emit);
      return await push(file, (piece, last) => {
        windows.check(piece);
        plain.push(piece, last);
      });
    }
    case "zip":
      return await unzipOne(file, emit);
  }
}

/** Every member of a gzip file. */
async function gunzip(file: Deno.FsFile, emit: Emit): Promise<void> {
  const plain = createGunzip();
  const source = Readable.fromWeb(file.readable as never);
  source.on("error", (error) => plain.destroy(error));
  for await (const piece of source.pipe(plain) as AsyncIterable<Uint8Array>) emit(piece);
}

/** What the library's codes mean. */
const XZ_REASONS: Record<string, string> = {
  4: "its dictionary is larger than 64 MiB",
  5: "it is not xz data",
  6: "it uses xz options that are not known",
  7: "it is damaged",
  8: "it is damaged or ends too early",
};

async function unxz(file: Deno.FsFile, emit: Emit): Promise<void> {
  const plain = (new XzReadableStream(file.readable) as unknown as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { value, done } = await plain.read().catch((error) => {
      const reason = XZ_REASONS[/error code (\d)$/.exec(String(error))?.[1] ?? ""];
      throw reason === undefined ? error : new Error(reason);
    });
    if (done) return;
    emit(value);
  }
}

/** Pushes a file into a library that calls back at once, and marks the last piece. */
async function push(file: Deno.FsFile, into: (piece: Uint8Array, last: boolean) => void): Promise<void> {
  let held: Uint8Array | undefined;
  for await (const piece of file.readable) {
    if (held) into(held, false);
    held = piece;
  }
  into(held ?? new Uint8Array(), true);
}

const ZIP_HEADER = 30;
const ZIP_SIGNATURE = 0x04034b50;
const SLASH = "/".charCodeAt(0);

/** Throws for a first member that is encrypted: the library would take its bytes for broken ones. */
async function requirePlain(file: Deno.FsFile): Promise<void> {
  const header = new Uint8Array(ZIP_HEADER);
  const fields = new DataView(header.buffer);
  for (let at = 0;;) {
    await file.seek(at, Deno.SeekMode.Start);
    if (await file.read(header) !== ZIP_HEADER || fields.getUint32(0, true) !== ZIP_SIGNATURE) break;
    if (fields.getUint16(6, true) & 1) throw new Error("the archive is encrypted");
    const name = new Uint8Array(fields.getUint16(26, true));
    await file.read(name);
    if (name.at(-1) !== SLASH) break;
    // A folder, which has no data to be encrypted.
    at += ZIP_HEADER + name.length + fields.getUint16(28, true);
  }
  await file.seek(0, Deno.SeekMode.Start);
}

/** The one member of an archive; more than one is refused, since it is not clear which is the image. */
async function unzipOne(file: Deno.FsFile, emit: Emit): Promise<void> {
  await requirePlain(file);
  let members = 0;
  const archive = new Unzip((member) => {
    const folder = member.name.endsWith("/");
    if (!folder && ++members > 1) throw new Error("the archive has more than one member");
    member.ondata = (error, piece) => {
      if (error) throw error;
      // What is not taken from the library stays in its memory, so that folders are read as well.
      if (!folder) emit(piece);
      else if (piece.length > 0) throw new Error("a folder in the archive has data");
    };
    member.start();
  });
  archive.register(UnzipInflate);
  await push(file, (piece, last) => {
    for (let at = 0; at < piece.length; at += ZIP_PIECE) {
      archive.push(piece.subarray(at, at + ZIP_PIECE), false);
    }
    if (last) archive.push(new Uint8Array(), true);
  });
  if (members === 0) throw new Error("the archive has no member");
}

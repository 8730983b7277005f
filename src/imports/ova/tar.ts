/**
 * The members of a tar archive, found by their headers: nothing else is unpacked. Own code, because of
 * the kept packages modern-tar gives the packed bytes of a sparse file as if they were the file, tar unpacks gzip
 * that nobody asked for, and tar-stream brings twelve packages and its time with streams is longer than this.
 */
import { fail } from "../../errors.ts";

const BLOCK = 512;
/** An OVA has a handful; more would only cost time. */
const MAX_MEMBERS = 10_000;

export interface TarMember {
  name: string;
  /** Where its data begins, in bytes. */
  offset: number;
  /** Bytes. */
  size: number;
}

/** The plain files in an archive, in order. Errors: bad_request when it is not a tar archive or is truncated. */
export async function tarMembers(file: Deno.FsFile): Promise<TarMember[]> {
  const { size: total } = await file.stat();
  const members: TarMember[] = [];
  let at = 0;
  for (let count = 0; at + BLOCK <= total; count++) {
    const header = await readAt(file, at, BLOCK);
    if (header.every((byte) => byte === 0)) break;
    if (count === MAX_MEMBERS) fail("bad_request", `The archive has more than ${MAX_MEMBERS} members.`);
    if (!isHeader(header)) fail("bad_request", "The data is not a tar archive.");
    const size = numberOf(header.subarray(124, 136));
    const offset = at + BLOCK;
    if (!Number.isSafeInteger(size) || offset + size > total) fail("bad_request", "The archive breaks off.");
    const type = header[156];
    if (type === 0x30 || type === 0) members.push({ name: nameOf(header), offset, size });
    at = offset + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}

/** Bytes of a file; fewer at its end. */
export async function readAt(file: Deno.FsFile, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await file.seek(at, Deno.SeekMode.Start);
  let done = 0;
  while (done < length) {
    const read = await file.read(bytes.subarray(done));
    if (read === null) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** The checksum is the sum of all bytes, its own taken for blanks. */
function isHeader(header: Uint8Array): boolean {
  const own = header.subarray(148, 156).reduce((sum, byte) => sum + byte, 0);
  return header.reduce((sum, byte) => sum + byte, 0) - own + 8 * 0x20 === numberOf(header.subarray(148, 156));
}

/** Octal text or, for larger sizes, a big-endian number behind a byte 0x80. */
function numberOf(field: Uint8Array): number {
  if (field[0] === 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  const text = textOf(field).trim();
  return /^[0-7]*$/.test(text) ? parseInt(text || "0", 8) : NaN;
}

function nameOf(header: Uint8Array): string {
  const name = textOf(header.subarray(0, 100));
  const prefix = textOf(header.subarray(257, 262)) === "ustar" ? textOf(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

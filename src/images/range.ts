/** The Range and legacy Content-Range headers of a download (docs/reference/images-api.md §2.6.2). */
import { fail } from "../errors.ts";

export interface Slice {
  offset: number;
  length: number;
}

/** The bytes wanted of `size`, or null for all. Errors: bad_request for several ranges, range_not_satisfiable. */
export function parseRange(range: string | null, contentRange: string | null, size: number): Slice | null {
  if (range !== null && range.trim() !== "") return parseByteRange(range, size);
  if (range === null && contentRange !== null && contentRange.trim() !== "") {
    return parseContentRange(contentRange, size);
  }
  return null;
}

function parseByteRange(text: string, size: number): Slice {
  if (text.includes(",")) fail("bad_request", "Multiple ranges are not supported.");
  const match = /^bytes=(\d*)-(\d*)$/.exec(text.toLowerCase().replaceAll(/\s/g, ""));
  if (!match || (match[1] === "" && match[2] === "") || size === 0) refuse(size);
  if (match[1] === "") {
    const suffix = Number(match[2]);
    // RFC 9110 §14.1.2: a suffix of no byte can never be served.
    if (suffix === 0) refuse(size);
    const offset = Math.max(0, size - suffix);
    return { offset, length: size - offset };
  }
  const offset = Number(match[1]);
  const last = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (offset >= size || last < offset) refuse(size);
  return { offset, length: last - offset + 1 };
}

function parseContentRange(text: string, size: number): Slice {
  const match = /^bytes\s+(\d+)-(\d+)\/(\d+|\*)$/i.exec(text.trim());
  if (!match) refuse(size);
  const [offset, last] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? size : Number(match[3]);
  if (last < offset || last >= total || offset >= size || last >= size) refuse(size);
  return { offset, length: last - offset + 1 };
}

function refuse(size: number): never {
  const headers = { "content-range": `bytes */${size}` };
  fail("range_not_satisfiable", "The byte range cannot be served.", { form: "detail", headers });
}

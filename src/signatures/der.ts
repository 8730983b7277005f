/** Reads the parts of DER (X.690) that certificates and signatures need. */
import { Buffer } from "node:buffer";

export interface DerElement {
  tag: number;
  contents: Uint8Array;
}

export const TAG = { integer: 0x02, bits: 0x03, oid: 0x06, sequence: 0x30 } as const;

/** Returns the elements of `bytes` in order. Throws when the bytes are not DER. */
export function readDer(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++]!;
    if ((tag & 0x1f) === 0x1f) throw new Error("a tag is too long");
    let length = bytes[at++] ?? NaN;
    if (length > 0x80) {
      const digits = length & 0x7f;
      if (digits > 3) throw new Error("a length is too large");
      length = 0;
      for (let digit = 0; digit < digits; digit++) length = length * 256 + (bytes[at++] ?? NaN);
    } else if (length === 0x80) throw new Error("a length is missing");
    if (!(at + length <= bytes.length)) throw new Error("an element is cut off");
    elements.push({ tag, contents: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** Returns the contents of an element, which must exist and have that tag. */
function contentsOf(element: DerElement | undefined, tag: number): Uint8Array {
  if (element?.tag !== tag) throw new Error("an element is not what it should be");
  return element.contents;
}

/** Returns the elements of a sequence. */
export function sequenceOf(element: DerElement | undefined): DerElement[] {
  return readDer(contentsOf(element, TAG.sequence));
}

/** Returns a non-negative INTEGER. */
export function integerOf(element: DerElement | undefined): bigint {
  const contents = contentsOf(element, TAG.integer);
  if (contents.length === 0 || contents[0]! >= 0x80) throw new Error("a number is negative or empty");
  return toInteger(contents);
}

/** Returns the bytes of a BIT STRING of whole bytes. */
export function bitsOf(element: DerElement | undefined): Uint8Array {
  const contents = contentsOf(element, TAG.bits);
  if (contents[0] !== 0) throw new Error("a bit string has no whole bytes");
  return contents.subarray(1);
}

/** Returns an OBJECT IDENTIFIER as dotted numbers. */
export function oidOf(element: DerElement | undefined): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of contentsOf(element, TAG.oid)) {
    value = value * 128 + (byte & 0x7f);
    if (byte & 0x80) continue;
    if (numbers.length > 0) numbers.push(value);
    else {
      const first = Math.min(2, Math.floor(value / 40));
      numbers.push(first, value - first * 40);
    }
    value = 0;
  }
  return numbers.join(".");
}

/** Returns big-endian bytes as a number. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

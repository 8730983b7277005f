/** VMDK: its header, its descriptor (a text: the type, and where the data is), and the footer of a stream. */
import {
  type BudgetedPeek,
  type FailedCheck,
  type FormatResult,
  hasText,
  toSize,
  view,
} from "./inspection.ts";

const ALLOWED_TYPES = ["monolithicsparse", "streamoptimized"];
/** Usual descriptors have some twenty lines; a hostile one may be a mebibyte of line feeds. */
const MAX_LINES = 10_000;
const EXTENT_ACCESS = ["rw", "rdonly", "noaccess"];

/** Returns a descriptor's text in lower case without padding; null if it is not ASCII. */
function descriptorText(bytes: Uint8Array): string | null {
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return /[\x80-\uffff]/.test(text) ? null : text.toLowerCase();
}

/** Comments and blank lines, then the version: what qemu recognises as a descriptor, in any character set. */
const DESCRIPTOR_HEAD = /^(?:#[^\n]*\n|[ \t]*\r?\n)*version=\d/;
/** Printable ASCII and white space. */
const PLAIN_TEXT = /^[\t\n\v\f\r\x20-\x7e]+$/;
/** Bytes that decide whether a file is text. */
const SAMPLE = 512;

/** Whether a file with this beginning may be a descriptor alone. */
function mayBeDescriptor(bytes: Uint8Array): boolean {
  const sample = bareText(bytes).slice(0, SAMPLE);
  return PLAIN_TEXT.test(sample) || DESCRIPTOR_HEAD.test(sample);
}

/**
 * Returns the text of a file that is a descriptor alone, in lower case, one character per byte; else null. After the
 * version the word alone suffices, because qemu ignores the text between it and the type.
 */
function bareDescriptor(bytes: Uint8Array): string | null {
  const text = bareText(bytes);
  const versioned = DESCRIPTOR_HEAD.test(text.slice(0, SAMPLE));
  return (versioned ? text.includes("createtype") : createType(text) !== null) ? text : null;
}

/** Writers pad a descriptor with zeros to one sector or twenty. */
function bareText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(end < 0 ? bytes : bytes.subarray(0, end)).toLowerCase();
}

/** Returns the value of `createType=` in lower case; null if missing or absurdly long. */
export function createType(text: string): string | null {
  const [, type, quote] = /createtype="([^"]*)("?)/.exec(text) ?? [];
  if (type === undefined) return null;
  // An unclosed quote: not a type, but suspicious.
  return quote === "" ? "unterminated" : type.length < 64 ? type : null;
}

/** Returns why this descriptor is not safe, or null. Every line must be of a known kind. */
function descriptorFault(text: string | null): string | null {
  if (!text) return "No descriptor found";
  const type = createType(text);
  if (type === null || !ALLOWED_TYPES.includes(type)) return "Unsupported subformat";
  // Readers differ in which of several they use: qemu respects the case of the word.
  if (text.indexOf("createtype") !== text.lastIndexOf("createtype")) return "Several subformats found";
  // qemu opens it as a backing file wherever it is, even in a comment.
  if (text.includes("parentfilenamehint")) return "Image has a parent file";
  let extents = 0;
  let start = 0;
  for (let lines = 0; start < text.length; lines++) {
    if (lines === MAX_LINES) return "The descriptor has too many lines";
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed;
    const judged = judgeLine(text.slice(start, end).trim());
    if (judged === "extent") extents++;
    else if (judged) return judged;
    start = end + 1;
  }
  return extents === 0 ? "No extents found" : null;
}

/** Judges one line: null = allowed, `extent` = allowed and refers to data, else why it is not allowed. */
function judgeLine(line: string): string | null {
  const space = line.indexOf(" ");
  const word = space < 0 ? line : line.slice(0, space);
  if (line === "" || line.startsWith("#") || line.startsWith("ddb") || word.includes("=")) return null;
  if (!EXTENT_ACCESS.includes(word)) return "Invalid VMDK descriptor data";
  return line.includes("/") ? "Invalid extent filenames found" : "extent";
}

const SECTOR = 512;
const FOOTER_MARKER = 3;
const END_OF_STREAM = 0;
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;

/**
 * Returns why the footer of a stream-optimised VMDK is not safe, or null. The last three sectors are a marker, the footer
 * (a second header, which takes precedence over the first) and the end-of-stream marker.
 * @param header the sparse header at the beginning
 */
async function footerFault(peek: BudgetedPeek, header: DataView): Promise<string | null> {
  const tail = await peek.read(peek.size - 3 * SECTOR, 3 * SECTOR);
  if (!tail) return "The footer is missing";
  const footer = view(tail.subarray(SECTOR, 2 * SECTOR));
  const same = (offset: number) => footer.getBigUint64(offset, true) === header.getBigUint64(offset, true);
  if (!same(0)) return "Header and footer signature or version do not match"; // Two fields of four bytes.
  if (!same(28) || !same(36)) return "Footer specifies a different descriptor than header";
  if (footer.getBigUint64(56, true) === DIRECTORY_AT_END) return "Footer indicates another footer";
  if (!isMarker(tail.subarray(0, SECTOR), FOOTER_MARKER)) return "Footer marker is invalid";
  const end = tail.subarray(2 * SECTOR);
  if (view(end).getBigUint64(0, true) !== 0n || !isMarker(end, END_OF_STREAM)) {
    return "End-of-stream marker is invalid";
  }
  return null;
}

/** A marker has eight bytes of value, size 0, its type, and nothing else. */
function isMarker(sector: Uint8Array, type: number): boolean {
  const fields = view(sector);
  return fields.getUint32(8, true) === 0 && fields.getUint32(12, true) === type &&
    sector.subarray(16).every((byte) => byte === 0);
}

const DESCRIPTOR_SECTOR = 1n;
const MAX_DESCRIPTOR = 1024 * 1024 - 1;
const SPARSE_HEADER_LENGTH = 64;

/** VMDK: a sparse extent with an embedded descriptor, or a descriptor alone. */
export async function detectVmdk(peek: BudgetedPeek): Promise<FormatResult | null> {
  const head = await peek.read(0, Math.min(512, peek.size));
  if (!head) return null;
  return hasText(head, 0, "KDMV") ? await sparseExtent(peek, head) : await descriptorAlone(peek, head);
}

async function sparseExtent(peek: BudgetedPeek, head: Uint8Array): Promise<FormatResult> {
  const result: FormatResult = {
    format: "vmdk",
    variant: null,
    virtualSize: null,
    failures: [],
    incomplete: null,
  };
  if (head.length < SPARSE_HEADER_LENGTH) return { ...result, incomplete: "the VMDK header is truncated" };
  const header = view(head);
  const misplaced = headerFault(header);
  if (misplaced) return { ...result, failures: [{ check: "descriptor", reason: misplaced }] };
  const length = Math.min(Number(header.getBigUint64(36, true)) * 512, MAX_DESCRIPTOR);
  const descriptor = await peek.read(512, length);
  if (!descriptor) return { ...result, incomplete: "the VMDK descriptor is truncated" };
  const text = descriptorText(descriptor);
  const failures: FailedCheck[] = [];
  const closed = descriptor.includes(0) || !(await peek.read(512 + length, 1))?.[0];
  const fault = closed ? descriptorFault(text) : "The descriptor is longer than its space";
  if (fault) failures.push({ check: "descriptor", reason: fault });
  if (header.getBigUint64(56, true) === DIRECTORY_AT_END) {
    const fault = await footerFault(peek, header);
    if (fault) failures.push({ check: "footer", reason: fault });
  }
  const virtualSize = toSize(header.getBigUint64(12, true) * 512n);
  return { ...result, variant: text ? createType(text) : null, virtualSize, failures };
}

/** Returns why the descriptor may not be where we look for it, or null. */
function headerFault(header: DataView): string | null {
  const version = header.getUint32(4, true);
  if (version < 1 || version > 3) return `VMDK version ${version} is not supported`;
  return header.getBigUint64(28, true) === DESCRIPTOR_SECTOR ? null : "The descriptor is at an unusual place";
}

/** Detects a descriptor without data, in order to refuse it: its data is in other files. */
async function descriptorAlone(peek: BudgetedPeek, head: Uint8Array): Promise<FormatResult | null> {
  if (!mayBeDescriptor(head)) return null;
  const descriptor = await peek.read(0, Math.min(peek.size, MAX_DESCRIPTOR));
  const text = descriptor && bareDescriptor(descriptor);
  if (!text) return null;
  const reason = descriptorFault(text) ?? "The extents are in other files";
  return {
    format: "vmdk",
    variant: createType(text),
    virtualSize: null,
    failures: [{ check: "descriptor", reason }],
    incomplete: null,
  };
}

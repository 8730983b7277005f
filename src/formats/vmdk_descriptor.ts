/** The text part of a VMDK: which kind it is, and where its data lies. */

const ALLOWED_TYPES = ["monolithicsparse", "streamoptimized"];
/** Honest descriptors have some twenty; a hostile one is a mebibyte of line feeds. */
const MAX_LINES = 10_000;
const EXTENT_ACCESS = ["rw", "rdonly", "noaccess"];

/** A descriptor's text in lower case, without its padding; null when it is not ASCII. */
export function descriptorText(bytes: Uint8Array): string | null {
  const end = bytes.indexOf(0);
  const text = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return /[\x80-\uffff]/.test(text) ? null : text.toLowerCase();
}

/** Comments and blank lines, then the version: what qemu takes for a descriptor, in whichever character set. */
const DESCRIPTOR_HEAD = /^(?:#[^\n]*\n|[ \t]*\r?\n)*version=\d/;
/** Printable ASCII and white space. */
const PLAIN_TEXT = /^[\t\n\v\f\r\x20-\x7e]+$/;
/** As much of a file as decides whether it is text. */
const SAMPLE = 512;

/** Whether a file that begins so may be a descriptor alone. */
export function mayBeDescriptor(bytes: Uint8Array): boolean {
  const sample = bareText(bytes).slice(0, SAMPLE);
  return PLAIN_TEXT.test(sample) || DESCRIPTOR_HEAD.test(sample);
}

/**
 * The text of a file that is a descriptor alone, in lower case, a character a byte; null when it is none. Behind the
 * version the word alone is enough, for qemu does not look at what stands between it and the type.
 */
export function bareDescriptor(bytes: Uint8Array): string | null {
  const text = bareText(bytes);
  const versioned = DESCRIPTOR_HEAD.test(text.slice(0, SAMPLE));
  return (versioned ? text.includes("createtype") : createType(text) !== null) ? text : null;
}

/** Writers pad a descriptor with zeros to its sector, or to twenty. */
function bareText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(end < 0 ? bytes : bytes.subarray(0, end)).toLowerCase();
}

/** The value of `createType=` in lower case; null when it has none, or an absurdly long one. */
export function createType(text: string): string | null {
  const [, type, quote] = /createtype="([^"]*)("?)/.exec(text) ?? [];
  if (type === undefined) return null;
  // Never closed: not a type, yet not an innocent text either.
  return quote === "" ? "unterminated" : type.length < 64 ? type : null;
}

/** Why this descriptor is not safe, or null. Every line must be one of the known sorts. */
export function descriptorFault(text: string | null): string | null {
  if (!text) return "No descriptor found";
  const type = createType(text);
  if (type === null || !ALLOWED_TYPES.includes(type)) return "Unsupported subformat";
  // Readers differ in which of several they take: qemu heeds the case of the word.
  if (text.indexOf("createtype") !== text.lastIndexOf("createtype")) return "Several subformats found";
  // qemu opens it as a backing file wherever it stands, even in a comment.
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

/** Judges one line: null = allowed, `extent` = allowed and names a place of data, else why it is not allowed. */
function judgeLine(line: string): string | null {
  const space = line.indexOf(" ");
  const word = space < 0 ? line : line.slice(0, space);
  if (line === "" || line.startsWith("#") || line.startsWith("ddb") || word.includes("=")) return null;
  if (!EXTENT_ACCESS.includes(word)) return "Invalid VMDK descriptor data";
  return line.includes("/") ? "Invalid extent filenames found" : "extent";
}

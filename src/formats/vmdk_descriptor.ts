/** The text part of a VMDK: its type, and where its data is. */

const ALLOWED_TYPES = ["monolithicsparse", "streamoptimized"];
/** Usual descriptors have some twenty lines; a hostile one may be a mebibyte of line feeds. */
const MAX_LINES = 10_000;
const EXTENT_ACCESS = ["rw", "rdonly", "noaccess"];

/** Returns a descriptor's text in lower case without padding; null if it is not ASCII. */
export function descriptorText(bytes: Uint8Array): string | null {
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
export function mayBeDescriptor(bytes: Uint8Array): boolean {
  const sample = bareText(bytes).slice(0, SAMPLE);
  return PLAIN_TEXT.test(sample) || DESCRIPTOR_HEAD.test(sample);
}

/**
 * Returns the text of a file that is a descriptor alone, in lower case, one character per byte; else null. After the
 * version the word alone suffices, because qemu ignores the text between it and the type.
 */
export function bareDescriptor(bytes: Uint8Array): string | null {
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
export function descriptorFault(text: string | null): string | null {
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

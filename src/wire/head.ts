/** Parses the head of a request by RFC 9112; refuses anything ambiguous. */
import { Buffer } from "node:buffer";
import { isHost } from "../util/host.ts";

/** Bounds of a head. */
export interface HeadLimits {
  /** Bytes of its longest line; 0 = only the limit of the head. */
  line: number;
  /** Bytes of the whole head. */
  head: number;
  /** Number of its fields. */
  fields: number;
}

/** How long a body is. */
export type Framing = { kind: "none" } | { kind: "length"; length: number } | { kind: "chunked" };

/** A parsed head. */
export interface Head {
  method: string;
  /** `http://`, the host, and the target as it was sent. */
  url: string;
  /** In order of arrival; names in lower case. */
  fields: [name: string, value: string][];
  /** 0 or 1: the minor version of HTTP/1. */
  minor: number;
  framing: Framing;
  /** Whether the client wants to reuse the connection. */
  keepAlive: boolean;
  /** Whether the client waits for `100 Continue` before it sends its body. */
  expectsContinue: boolean;
}

/** Refuses a request; the connection closes after the response. */
export class Refused extends Error {
  override name = "Refused";
  constructor(readonly status: 400 | 408 | 414 | 417 | 429 | 431 | 503 | 505, message: string) {
    super(message);
  }
}

/** Fields that this module interprets. */
const OWN: Record<string, "host" | "length" | "coding" | "connection" | "expect" | undefined> = Object.assign(
  Object.create(null),
  {
    "host": "host",
    "content-length": "length",
    "transfer-encoding": "coding",
    "connection": "connection",
    "expect": "expect",
  },
);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/i;

/**
 * Returns the length of the head at the start of `bytes`, including the empty line at its end; null if it is incomplete.
 * Errors: Refused, if it is too large.
 */
export function headLength(bytes: Buffer, limits: HeadLimits): number | null {
  const found = bytes.indexOf("\r\n\r\n");
  const length = found < 0 ? bytes.length : found + 4;
  if (length > limits.head) {
    const line = bytes.indexOf(10);
    if (line < 0 || line > limits.head) throw tooLongTarget(limits.head);
    throw new Refused(431, `The head of a request may have up to ${limits.head} bytes.`);
  }
  return found < 0 ? null : length;
}

function tooLongTarget(limit: number): Refused {
  return new Refused(414, `The first line of a request may have up to ${limit} bytes.`);
}

/** Parses a complete head. Errors: Refused. */
export function parseHead(bytes: Buffer, limits: HeadLimits): Head {
  const lines = bytes.toString("latin1", 0, bytes.length - 4).split("\r\n");
  if (limits.line > 0 && lines[0]!.length > limits.line) throw tooLongTarget(limits.line);
  const { method, target, minor } = requestLine(lines[0]!);
  if (lines.length > limits.fields + 1) {
    throw new Refused(431, `A request may have up to ${limits.fields} header fields.`);
  }
  const fields: [string, string][] = [];
  const own: Record<"host" | "length" | "coding" | "connection" | "expect", string[]> = {
    host: [],
    length: [],
    coding: [],
    connection: [],
    expect: [],
  };
  for (let index = 1; index < lines.length; index++) {
    const entry = field(lines[index]!, limits.line);
    fields.push(entry);
    const list = OWN[entry[0]];
    if (list !== undefined) own[list].push(entry[1]);
  }
  const { host, path } = urlOf(method, target, own.host, minor);
  // RFC 9112 §3.2.2: the host of an absolute target overrides Host.
  for (const entry of fields) if (entry[0] === "host") entry[1] = host;
  return {
    method,
    url: `http://${host}${path}`,
    fields,
    minor,
    framing: framing(own.length, own.coding, minor),
    keepAlive: keepsAlive(own.connection, minor),
    expectsContinue: expectation(own.expect, minor),
  };
}

function keepsAlive(values: string[], minor: number): boolean {
  if (values.length === 0) return minor > 0;
  const options = values.join(",").toLowerCase().split(",").map((option) => option.trim());
  return minor === 0 ? options.includes("keep-alive") : !options.includes("close");
}

function requestLine(line: string): { method: string; target: string; minor: number } {
  const [method, target, version, ...more] = line.split(" ");
  const found = /^HTTP\/(\d)\.(\d)$/.exec(version ?? "");
  if (!TOKEN.test(method!) || !TARGET.test(target ?? "") || !found || more.length > 0) {
    throw new Refused(400, "The first line of the request is not 'METHOD target HTTP/1.1'.");
  }
  if (found[1] !== "1") throw new Refused(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
  return { method: method!, target: target!, minor: found[2] === "0" ? 0 : 1 };
}

function field(line: string, limit: number): [name: string, value: string] {
  const mark = line.indexOf(":");
  const name = line.slice(0, mark).toLowerCase();
  if (limit > 0 && line.length > limit) {
    throw new Refused(431, `A header may have up to ${limit} bytes (max_header_line).`);
  }
  if (mark < 0 || !TOKEN.test(name)) throw new Refused(400, "A header is not 'name: value'.");
  const value = withoutBlanks(line.slice(mark + 1));
  if (!VALUE.test(value)) throw new Refused(400, `The header ${name} has a control character.`);
  return [name, value];
}

/** Trims blanks and tabs only: other white space may be a byte of a character. */
function withoutBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === " " || text[at] === "\t";
  let [start, end] = [0, text.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

/** Errors: Refused, for an invalid target or host. */
function urlOf(
  method: string,
  target: string,
  hosts: string[],
  minor: number,
): { host: string; path: string } {
  if (hosts.length > 1) throw new Refused(400, "A request must have only one Host.");
  if (hosts.length === 0 && minor > 0) throw new Refused(400, "A request of HTTP/1.1 must have a Host.");
  const [given] = hosts;
  if (given !== undefined && !isHost(given)) {
    throw new Refused(400, "Host is not a name or address with a port.");
  }
  const absolute = ABSOLUTE.exec(target);
  const host = absolute ? absolute[1]! : given ?? "localhost";
  if (!isHost(host)) throw new Refused(400, "The target of the request has no valid host.");
  const path = decodeTarget(absolute ? absolute[2]! : target);
  if (path === "*" && method === "OPTIONS") return { host, path: "/" };
  if (absolute && !path.startsWith("/")) return { host, path: `/${path}` };
  if (!path.startsWith("/")) throw new Refused(400, "The target of a request must begin with '/'.");
  return { host, path };
}

/** Clients send non-ASCII characters as UTF-8. */
function decodeTarget(target: string): string {
  // deno-lint-ignore no-control-regex
  if (!/[^\x00-\x7f]/.test(target)) return target;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(target, "latin1"));
  } catch {
    throw new Refused(400, "The target of the request is not UTF-8.");
  }
}

function framing(lengths: string[], codings: string[], minor: number): Framing {
  if (codings.length > 0) {
    if (lengths.length > 0) {
      throw new Refused(400, "A request must not have both Content-Length and Transfer-Encoding.");
    }
    if (minor === 0) throw new Refused(400, "HTTP/1.0 has no Transfer-Encoding.");
    if (codings.length > 1 || codings[0]!.toLowerCase() !== "chunked") {
      throw new Refused(400, "The only Transfer-Encoding that a request may have is 'chunked'.");
    }
    return { kind: "chunked" };
  }
  if (lengths.length === 0) return { kind: "none" };
  const length = Number(lengths[0]);
  if (lengths.length > 1 || !/^\d+$/.test(lengths[0]!) || !Number.isSafeInteger(length)) {
    throw new Refused(400, "Content-Length is not one number of bytes.");
  }
  return length === 0 ? { kind: "none" } : { kind: "length", length };
}

function expectation(values: string[], minor: number): boolean {
  // RFC 9110 §10.1.1: HTTP/1.0 has no expectations.
  if (values.length === 0 || minor === 0) return false;
  if (values.length === 1 && values[0]!.toLowerCase() === "100-continue") return true;
  throw new Refused(417, "The only supported expectation is '100-continue'.");
}

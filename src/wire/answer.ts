/** Writes a response of fetch's kind to a connection. */
import { Buffer } from "node:buffer";
import { fail } from "../errors.ts";
import { openReader } from "../util/pump.ts";

/** Bytes read of an answer's stream, and written, at once. */
const BLOCK = 256 * 1024;

/** An answer of this length that is in memory goes out in one piece with its head. */
const SMALL = 64 * 1024;

/** What a connection writes to. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Of the request that is answered. */
export interface Asked {
  method: string;
  minor: number;
  /** Whether another request may follow; a stream whose end only the end of the connection shows says no. */
  keepAlive: boolean;
}

/** Of answers that bring no reason of their own. */
const REASONS: Record<number, string> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  300: "Multiple Choices",
  302: "Found",
  304: "Not Modified",
};

/** Headers that are the connection's own. */
const CONNECTION = new Set(["connection", "transfer-encoding", "keep-alive", "date"]);

const CRLF = Buffer.from("\r\n");
const NOTHING = new Uint8Array();
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/**
 * Writes head and body. Resolves to whether the connection can take another request. Errors: those of the
 * connection; internal when the body breaks off or has another length. The body is cancelled then.
 */
export async function writeResponse(sink: Sink, response: Response, asked: Asked): Promise<boolean> {
  const { status, headers } = response;
  const bodiless = asked.method === "HEAD" || status === 204 || status === 304;
  if (bodiless) void response.body?.cancel().catch(() => {});
  const declared = headers.get("content-length");
  const length = declared === null ? null : Number(declared);
  // Reached for only where it must be a stream: making one of an answer in memory is dear.
  const isSmall = !bodiless && length !== null && length <= SMALL;
  const body = bodiless || isSmall ? null : response.body;
  const chunked = body !== null && length === null && asked.minor > 0;
  const toTheEnd = body !== null && length === null && !chunked;
  const keepAlive = asked.keepAlive && !toTheEnd && headers.get("connection") !== "close";

  let head = `HTTP/1.1 ${status} ${response.statusText || REASONS[status] || ""}\r\ndate: ${httpDate()}\r\n`;
  for (const [name, value] of headers) {
    if (!CONNECTION.has(name)) head += `${name}: ${value}\r\n`;
  }
  if (!bodiless && length === null && body === null) head += "content-length: 0\r\n";
  if (chunked) head += "transfer-encoding: chunked\r\n";
  if (!keepAlive) head += "connection: close\r\n";
  else if (asked.minor === 0) head += "connection: keep-alive\r\n";
  const bytes = Buffer.from(`${head}\r\n`, "latin1");

  if (isSmall) {
    const content = new Uint8Array(await response.arrayBuffer().catch(brokeOff));
    // Another length than the head says would let the client misread the next answer.
    if (content.length !== length) fail("internal", `The answer has ${content.length} bytes, not ${length}.`);
    await writeAll(sink, Buffer.concat([bytes, content]));
  } else if (body === null) await writeAll(sink, bytes);
  else await writeStream(sink, body, { head: bytes, length, chunked });
  return keepAlive;
}

/** Sends what the body gives: `length` bytes, or in chunks, or what comes until the connection ends. */
async function writeStream(
  sink: Sink,
  body: ReadableStream<Uint8Array>,
  { head, length, chunked }: { head: Uint8Array; length: number | null; chunked: boolean },
): Promise<void> {
  const reader = openReader(body, BLOCK);
  let sent = 0;
  try {
    if (!chunked) await writeAll(sink, head);
    let first = chunked ? head : NOTHING;
    const read = () => reader.read().catch(brokeOff);
    for (let piece; (piece = await read()) !== null;) {
      sent += piece.length;
      if (length !== null && sent > length) break;
      if (!chunked) await writeAll(sink, piece);
      else if (piece.length > 0) {
        await writeAll(
          sink,
          Buffer.concat([first, Buffer.from(`${piece.length.toString(16)}\r\n`), piece, CRLF]),
        );
        first = NOTHING;
      }
    }
    if (length !== null && sent !== length) {
      fail("internal", `The data of the answer has not the ${length} bytes that its head says.`);
    }
    if (chunked) await writeAll(sink, Buffer.concat([first, LAST_CHUNK]));
  } catch (error) {
    // Not waited for: what it comes from may never answer.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** Tells a body that fails from a connection that does: the one is ours, the other the client's. */
function brokeOff(cause: unknown): never {
  fail("internal", "The data of the answer broke off.", { cause });
}

async function writeAll(sink: Sink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await sink.write(at === 0 ? bytes : bytes.subarray(at));
}

let date = "";
let second = 0;

function httpDate(): string {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    date = new Date(now * 1000).toUTCString();
  }
  return date;
}

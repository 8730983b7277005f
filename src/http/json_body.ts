/** JSON bodies: size, encoding and depth are checked before the content (docs/reference/images-api.md §2.0). */
import type { Config } from "../config/config.ts";
import { fail, GlanceError } from "../errors.ts";
import { UNDECODABLE } from "../images/attributes.ts";
import { openReader } from "../util/pump.ts";

/** Bytes per read, at most: memory outside of the heap, of which much brings full collections. */
const PIECE = 16 * 1024;

/** Deepest nesting; documents of the API need less than a tenth. */
const MAX_DEPTH = 100;

const CODINGS = ["chunked", "compress", "deflate", "gzip", "identity"];

/** Whether the request has a body, by its headers. */
export function hasBody(request: Request): boolean {
  if (Number(request.headers.get("content-length") ?? 0) > 0) return true;
  if (!["POST", "PUT", "PATCH"].includes(request.method)) return false;
  const coding = request.headers.get("transfer-encoding")?.toLowerCase();
  return coding !== undefined && CODINGS.includes(coding);
}

/**
 * Reads and parses the body, which must be an object or array. `limit` in bytes, `seconds` for the whole body (0 = no
 * limit). Errors: bad_request, too_large, request_timeout, client_left.
 */
export async function readJson(
  request: Request,
  { limit, seconds }: { limit: number; seconds: number },
): Promise<unknown> {
  const text = await readText(request, limit, seconds);
  if (text === "") fail("bad_request", "Body expected in request.");
  if (depthOf(text) > MAX_DEPTH) fail("bad_request", "Malformed JSON in request body.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    fail("bad_request", "Malformed JSON in request body.");
  }
  if (typeof value !== "object" || value === null) {
    fail("bad_request", "Unexpected body type. Expected list/dict.");
  }
  return value;
}

/** Reads the limits of JSON bodies from the configuration. */
export function jsonBounds(config: Config): { limit: number; seconds: number } {
  return { limit: config.get("oneglance.max_json_body"), seconds: config.get("oneglance.json_body_timeout") };
}

async function readText(request: Request, limit: number, seconds: number): Promise<string> {
  const tooLarge = () => fail("too_large", `A JSON body may have up to ${limit} bytes.`, { close: true });
  const length = Number(request.headers.get("content-length")) || PIECE;
  if (length > limit) tooLarge();
  if (!request.body) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  let late = false;
  const reader = openReader(request.body, Math.min(PIECE, length));
  const timer = seconds === 0 ? undefined : setTimeout(() => {
    late = true;
    reader.cancel(undefined).catch(() => {});
  }, seconds * 1000);
  try {
    for (let piece; (piece = await reader.read()) !== null;) {
      size += piece.length;
      if (size > limit) {
        reader.cancel(undefined).catch(() => {});
        break;
      }
      chunks.push(piece.slice());
    }
  } catch (error) {
    if (error instanceof GlanceError) throw error;
    fail("client_left", "The body of the request ended early.", { cause: error, close: true });
  } finally {
    clearTimeout(timer);
  }
  if (late) {
    fail("request_timeout", `The body did not arrive within ${seconds} seconds (json_body_timeout).`, {
      close: true,
    });
  }
  if (size > limit) tooLarge();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(concat(chunks, size));
  } catch {
    fail("bad_request", UNDECODABLE);
  }
}

function concat(chunks: Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** Returns the deepest nesting of brackets outside strings, without parsing. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (quoted) {
      if (char === 0x5c) i++;
      else if (char === 0x22) quoted = false;
    } else if (char === 0x22) quoted = true;
    else if (char === 0x5b || char === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (char === 0x5d || char === 0x7d) depth--;
  }
  return deepest;
}

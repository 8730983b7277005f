/** Distinguishes causes outside of the program, which one line explains, from bugs, which need a stack. */
import { GlanceError } from "../errors.ts";

/** Errors of the database engine about its disk, its file and other processes; the rest are bugs. */
const DATABASE =
  /^SQLITE_(FULL|BUSY|LOCKED|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|PERM|AUTH|NOLFS|INTERRUPT)|^TRANSACTION_TIMEOUT$/;

/** Messages of the runtime's fetch and its bodies for a failed peer, always in a TypeError. */
const NETWORK =
  /^(fetch failed$|error sending request|client error|connection (closed|error)|error reading a body|error decoding response body|request or response body error|request body not available)/i;

/** Errors of the runtime that only a bug can cause. */
const OURS = new Set(["BadResource", "NotCapable", "NotSupported", "InvalidData"]);

/** Whether an error with its causes can happen to a program without bugs. */
export function isExpected(error: unknown): boolean {
  for (let each = error, depth = 0; depth < 5; depth++) {
    if (each === undefined || each === null) return depth > 0;
    if (!(each instanceof GlanceError)) return isFromOutside(each);
    each = each.cause;
  }
  return false;
}

function isFromOutside(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && (DATABASE.test(code) || isSystemCode(code))) return true;
  if (error instanceof DOMException) return error.name === "AbortError" || error.name === "TimeoutError";
  if (error instanceof TypeError) return NETWORK.test(error.message);
  return Object.hasOwn(Deno.errors, error.name) && !OURS.has(error.name);
}

/** Error codes of the operating system, such as ENOSPC; node's own begin with ERR_. */
function isSystemCode(code: string): boolean {
  return /^E[A-Z0-9]+$/.test(code) && code !== "EBADF" && code !== "EINVAL" && code !== "EFAULT";
}

/** An error with its causes in one line, without causes that add nothing. */
export function reasonOf(error: unknown): string {
  const said: string[] = [];
  for (let each = error, depth = 0; each !== undefined && each !== null && depth < 5; depth++) {
    const text = each instanceof Error ? each.message || each.name : String(each);
    if (!said.some((before) => before.includes(text))) said.push(text);
    each = each instanceof Error ? each.cause : undefined;
  }
  return said.join(": ");
}

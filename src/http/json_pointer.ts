/** Paths of PATCH operations (spec/images-api.md §5.3). */
import { fail } from "../errors.ts";

/** The unescaped segments, blanks trimmed. Errors: bad_request. */
export function parsePointer(pointer: unknown): string[] {
  if (typeof pointer !== "string") fail("bad_request", "The path of an operation must be a string.");
  if (!pointer.startsWith("/")) fail("bad_request", `Pointer '${pointer}' does not start with "/".`);
  const text = pointer.startsWith("//") ? pointer.slice(1) : pointer;
  if (text === "/") fail("bad_request", "Pointer '/' names no attribute.");
  if (text.endsWith("/")) fail("bad_request", `Pointer '${pointer}' must not end with "/".`);
  if (text.includes("//")) fail("bad_request", `Pointer '${pointer}' contains adjacent "/".`);
  if (/~(?![01])/.test(text)) {
    fail("bad_request", `Pointer '${pointer}' contains "~" not part of an escape sequence.`);
  }
  const segments = text.slice(1).split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~").trim());
  if (segments.includes("")) fail("bad_request", `Pointer '${pointer}' names an empty attribute.`);
  return segments;
}

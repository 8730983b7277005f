/** Parses PATCH documents of both dialects into operations (docs/reference/images-api.md §5.1–5.3). */
import { NewLocationField, WRITABLE_FIELDS } from "../../openapi/image.ts";
import { PATCH_V20, PATCH_V21 } from "../../openapi/images.ts";
import { fail } from "../errors.ts";
import {
  checkPropertyName,
  isReadOnly,
  isReserved,
  isWritable,
  refuseBeyondBmp,
} from "../images/attributes.ts";
import type { ImageSchema } from "../images/image_schema.ts";
import type { Operation } from "../images/operations.ts";

/** Returns the dialect of a media type. Errors: unsupported_media_type with Accept-Patch. */
export function patchDialect(contentType: string | null): "v2.0" | "v2.1" {
  const type = (contentType ?? "").split(";", 1)[0]!.trim().toLowerCase();
  if (type === PATCH_V21) return "v2.1";
  if (type === PATCH_V20) return "v2.0";
  const accept = `${PATCH_V20}, ${PATCH_V21}`;
  fail("unsupported_media_type", `Expected one of ${accept}.`, {
    form: "detail",
    headers: { "accept-patch": accept },
    close: true,
  });
}

/** Errors: bad_request, forbidden for a read-only or reserved attribute. */
export function parsePatch(body: unknown, dialect: "v2.0" | "v2.1", schema: ImageSchema): Operation[] {
  if (!Array.isArray(body)) fail("bad_request", "Request body must be a JSON array of operation objects.");
  return body.map((element) => {
    if (typeof element !== "object" || element === null || Array.isArray(element)) {
      fail("bad_request", "Operations must be JSON objects.");
    }
    const operation = dialect === "v2.1" ? readNew(element) : readOld(element);
    checkShape(operation);
    checkAllowed(operation.path[0]!);
    if (operation.op !== "remove") checkValue(operation, schema);
    return operation;
  });
}

function readNew(element: Record<string, unknown>): Operation {
  const { op, path } = element;
  if (op === undefined) fail("bad_request", "Unable to find 'op' in JSON Schema change.");
  if (op !== "add" && op !== "replace" && op !== "remove") {
    fail("bad_request", `Invalid operation: '${op}'. It must be one of the following: add, replace, remove.`);
  }
  if (path === undefined) fail("bad_request", "Unable to find 'path' in JSON Schema change.");
  return { op, path: parsePointer(path), ...valueOf(op, element), old: false };
}

function readOld(element: Record<string, unknown>): Operation {
  const given = (["add", "replace", "remove"] as const).filter((name) => Object.hasOwn(element, name));
  if (given.length !== 1) {
    fail(
      "bad_request",
      "Operation objects must contain exactly one member named 'add', 'remove', or 'replace'.",
    );
  }
  const op = given[0]!;
  return { op, path: parsePointer(element[op]), ...valueOf(op, element), old: true };
}

function valueOf(op: string, element: Record<string, unknown>): { value?: unknown } {
  if (op === "remove") return {};
  if (!Object.hasOwn(element, "value")) {
    fail("bad_request", `Operation '${op}' requires a member named 'value'.`);
  }
  return { value: element.value };
}

/** Returns the unescaped segments of a path, trimmed. Errors: bad_request. */
function parsePointer(pointer: unknown): string[] {
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

/** One segment; `/locations/{n}` or `/locations/-` to add and remove, `/locations` to replace. */
function checkShape({ op, path }: Operation): void {
  const nested = path[0] === "locations" && op !== "replace";
  const fits = nested ? path.length === 2 : path.length === 1;
  if (!fits) fail("bad_request", `Invalid JSON pointer for this resource: '/${path.join("/")}'`);
}

function checkAllowed(name: string): void {
  if (isReadOnly(name)) fail("forbidden", `Attribute '${name}' is read-only.`);
  if (isReserved(name)) fail("forbidden", `Attribute '${name}' is reserved.`);
}

function checkValue(operation: Operation, schema: ImageSchema): void {
  const { path, value } = operation;
  const name = path[0]!;
  if (name === "locations") {
    for (const location of path.length === 1 ? asArray(value) : [value]) checkLocation(location);
    return;
  }
  if (!isWritable(name)) {
    checkPropertyName(name);
    operation.value = schema.checkProperty(name, value);
    return;
  }
  const result = WRITABLE_FIELDS[name].safeParse(value);
  if (!result.success) {
    fail(
      "bad_request",
      `Provided object does not match schema 'image': '${name}': ${result.error.issues[0]!.message}`,
    );
  }
  if (name === "disk_format" || name === "container_format") schema.checkFormat(name, value);
  if (name === "tags") refuseBeyondBmp(name, ...value as string[]);
  else if (typeof value === "string") refuseBeyondBmp(name, value);
}

function asArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) {
    fail("bad_request", "Provided object does not match schema 'image': 'locations' is an array");
  }
  return value;
}

function checkLocation(location: unknown): void {
  const result = NewLocationField.safeParse(location);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    fail(
      "bad_request",
      `Provided object does not match schema 'image': 'locations/${issue.path.join("/")}': ${issue.message}`,
    );
  }
}

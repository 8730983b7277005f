/**
 * What this service knows of the attributes of an image: the configured formats and the custom properties of
 * schema-image.json (docs/reference/schemas.md §3.1). Made once at start.
 */
import { Validator } from "@cfworker/json-schema";
import { fail } from "../errors.ts";
import { checkPropertyValue, isBase } from "./attributes.ts";

type Fragment = Record<string, unknown>;

interface ImageSchemaSettings {
  diskFormats: readonly string[];
  containerFormats: readonly string[];
  /** Text of schema-image.json, or null when there is none. */
  extension: string | null;
  /** The place of that text, for error messages. */
  extensionFile?: string;
}

export class ImageSchema {
  readonly diskFormats: readonly string[];
  readonly containerFormats: readonly string[];
  /** Custom properties in file order, each with its JSON-schema fragment. */
  readonly custom: ReadonlyMap<string, Fragment>;
  /** Custom properties that a new image must have. */
  readonly required: readonly string[];
  readonly #validators = new Map<string, Validator>();

  /** Errors: config, when the extension is not a JSON object or redefines a base attribute. */
  constructor(settings: ImageSchemaSettings) {
    this.diskFormats = settings.diskFormats;
    this.containerFormats = settings.containerFormats;
    const { properties, required } = readExtension(settings);
    this.custom = properties;
    this.required = required;
    for (const [name, fragment] of properties) this.#validators.set(name, new Validator(fragment, "4"));
  }

  /** Checks a format value. Errors: bad_request. */
  checkFormat(attribute: "disk_format" | "container_format", value: unknown): void {
    if (value === null || value === undefined) return;
    const known = attribute === "disk_format" ? this.diskFormats : this.containerFormats;
    if (!known.includes(value as string)) {
      fail(
        "bad_request",
        `Provided object does not match schema 'image': '${value}' is not one of ${
          known.join(", ")
        } for ${attribute}`,
      );
    }
  }

  /**
   * Checks the value of an additional property and gives it as it is kept: as text, also where schema-image.json
   * wants a number or a boolean. Errors: bad_request.
   */
  checkProperty(name: string, value: unknown): string | null {
    const validator = this.#validators.get(name);
    if (!validator) {
      checkPropertyValue(name, value);
      return value;
    }
    const result = validator.validate(value);
    if (!result.valid) {
      const why = result.errors.at(-1)?.error ?? "";
      fail("bad_request", `Provided object does not match schema 'image': '${name}': ${why}`);
    }
    if (value === null) return null;
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    checkPropertyValue(name, text);
    return text;
  }

  /** Checks that a new image has the required properties. Errors: bad_request. */
  checkRequired(names: ReadonlySet<string>): void {
    const missing = this.required.filter((name) => !names.has(name));
    if (missing.length > 0) {
      fail("bad_request", `Provided object does not match schema 'image': ${missing.join(", ")} required`);
    }
  }
}

function readExtension(
  settings: ImageSchemaSettings,
): { properties: Map<string, Fragment>; required: string[] } {
  if (settings.extension === null) return { properties: new Map(), required: [] };
  const where = settings.extensionFile ?? "schema-image.json";
  let document: unknown;
  try {
    document = JSON.parse(settings.extension);
  } catch (error) {
    fail("config", `${where} is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(document)) fail("config", `${where} must hold a JSON object of property names and schemas.`);
  const extended = isObject(document.properties);
  const properties = new Map<string, Fragment>();
  for (const [name, fragment] of Object.entries(extended ? document.properties as Fragment : document)) {
    if (isBase(name)) {
      fail("config", `${where}: '${name}' is an attribute of every image and cannot be defined again.`);
    }
    if (!isObject(fragment)) fail("config", `${where}: the schema of '${name}' must be an object.`);
    properties.set(name, fragment);
  }
  const required = extended && Array.isArray(document.required) ? document.required.map(String) : [];
  return { properties, required };
}

function isObject(value: unknown): value is Fragment {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

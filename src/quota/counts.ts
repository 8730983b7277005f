/** Limits of the tags and properties of an image (docs/reference/images-api.md §3.9). A negative quota means unlimited. */
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";

/** Errors: too_large, for more tags than `image_tag_quota`. */
export function checkTagQuota(config: Config, attempted: number): void {
  check(config.get("DEFAULT.image_tag_quota"), attempted, "image tags");
}

/** Errors: too_large, for more properties than `image_property_quota`; `os_glance*` do not count. */
export function checkPropertyQuota(config: Config, properties: Record<string, unknown>): void {
  const attempted = Object.keys(properties).filter((name) => !name.startsWith("os_glance")).length;
  check(config.get("DEFAULT.image_property_quota"), attempted, "image properties");
}

function check(maximum: number, attempted: number, what: string): void {
  if (maximum >= 0 && attempted > maximum) fail("too_large", limitText(what, attempted, maximum));
}

/** The sentence of every count quota. */
export function limitText(what: string, attempted: number, maximum: number): string {
  return `The limit has been exceeded on the number of allowed ${what}. Attempted: ${attempted}, Maximum: ${maximum}`;
}

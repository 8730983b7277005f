/** What a URL escapes is UTF-8 or nothing (spec/images-api.md §2.13, §4.4, §6.2). */
import { fail } from "../errors.ts";
import { UNDECODABLE } from "../images/attributes.ts";

/** Errors: bad_request for percent-encoding that is no UTF-8. */
export function checkUrlEncoding(url: string): void {
  if (!url.includes("%")) return;
  try {
    // A stray % stays what it is; only complete escapes must decode.
    decodeURIComponent(url.replaceAll(/%(?![0-9a-fA-F]{2})/g, "%25"));
  } catch {
    fail("bad_request", UNDECODABLE);
  }
}

/** Query strings are UTF-8 or nothing (spec/images-api.md §4.4). */
import { fail } from "../errors.ts";
import { UNDECODABLE } from "../images/attributes.ts";

/** Errors: bad_request for percent-encoding that is no UTF-8. */
export function checkQueryEncoding(search: string): void {
  if (!search.includes("%")) return;
  try {
    // A stray % stays what it is for URLSearchParams; only complete escapes must decode.
    decodeURIComponent(search.replaceAll(/%(?![0-9a-fA-F]{2})/g, "%25"));
  } catch {
    fail("bad_request", UNDECODABLE);
  }
}

/** The anonymous caller has read access only (docs/reference/images-api.md §2.0, step 7). */
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";

/** Refuses a write of the anonymous caller. Errors: forbidden. */
export function requireWriter(caller: Caller): void {
  if (caller.readOnly) fail("forbidden", "Read-only access", { form: "detail" });
}

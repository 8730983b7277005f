/** The anonymous caller may read only (spec/images-api.md §2.0, step 7). */
import type { Caller } from "../caller.ts";
import { fail } from "../errors.ts";

/** Refuses the anonymous caller on a call that changes something. Errors: forbidden. */
export function requireWriter(caller: Caller): void {
  if (caller.readOnly) fail("forbidden", "Read-only access", { form: "detail" });
}

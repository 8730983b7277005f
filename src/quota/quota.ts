import type { UsageLimit } from "../../db/records.ts";

/** A limit that a write must keep, and the error when it does not. */
export interface Quota {
  limit: UsageLimit;
  /** `used` as the database counted it. Errors: too_large. */
  refuse(used: number): never;
}

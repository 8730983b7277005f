import type { UsageLimit } from "../../db/records.ts";

/** A limit that a write must keep, and what to say when it does not. */
export interface Quota {
  limit: UsageLimit;
  /** `used` as the database tells it. Errors: too_large. */
  refuse(used: number): never;
}

import type { LeaseRenewal } from "../../db/records.ts";

const LONG = 1_000_000_000;

/** A renewal of only what `set` names, until far in the future. */
export function renewal(set: Partial<LeaseRenewal>): LeaseRenewal {
  return {
    transfers: [],
    transferSeconds: LONG,
    tasks: [],
    taskSeconds: LONG,
    silentSeconds: LONG,
    ...set,
  };
}

import type { LeaseRenewal } from "../../db/records.ts";

const FUTURE = "2999-01-01 00:00:00.000000";
const PAST = "2001-01-01 00:00:00.000000";

/** A renewal of only what `set` names, until far in the future. */
export function renewal(set: Partial<LeaseRenewal>): LeaseRenewal {
  return {
    transfers: [],
    transfersExpireAt: FUTURE,
    tasks: [],
    tasksExpireAt: FUTURE,
    silentSince: PAST,
    ...set,
  };
}

/** Orphans: work whose lease is in the database, but whose process has died (docs/adr/0004). */
import type { Timestamp } from "../../db/records.ts";
import { isAbandoned } from "../images/abandoned.ts";

/** What every lease says of its holder. */
export interface Holder {
  token: string;
  /** As src/util/process_name.ts names the process. */
  owner: string;
  expires_at: Timestamp;
}

export interface Recovery<L extends Holder> {
  own: { has(token: string): boolean };
  /** Takes one over and finishes it. False when that failed, which it logs: the next run tries again. Throws nothing. */
  recover(lease: L): Promise<boolean>;
  stop: AbortSignal;
}

/** Recovers all orphans among these leases, one after the other, until `stop` fires. */
export async function recoverOrphans<L extends Holder>(
  leases: readonly L[],
  { own, recover, stop }: Recovery<L>,
): Promise<{ did: string; failed: number }> {
  let recovered = 0;
  let failed = 0;
  for (const lease of leases) {
    if (stop.aborted) break;
    if (!isAbandoned(own, lease)) continue;
    if (await recover(lease)) recovered++;
    else failed++;
  }
  return { did: `${recovered} of ${leases.length} in progress were orphaned and are recovered`, failed };
}

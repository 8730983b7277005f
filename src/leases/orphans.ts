/** Orphans: work whose lease is in the database, but whose process has died (docs/adr/0004). */
import { fateOf, processName } from "../util/process_name.ts";

/** What every lease says of its holder. */
export interface Holder {
  token: string;
  /** As src/util/process_name.ts names the process. */
  owner: string;
  /** By the database's clock: ours may be wrong. */
  expired: boolean;
}

/** Whether a lease is without a live owner. `own`: what this process has in progress. */
export function isOrphaned(
  own: { has(token: string): boolean },
  { owner, token, expired }: Holder,
): boolean {
  // One of our own is left behind when it could not be ended.
  if (owner === processName()) return !own.has(token);
  const fate = fateOf(owner);
  return fate === "dead" || (fate === "unseen" && expired);
}

export interface Recovery<L extends Holder> {
  own: { has(token: string): boolean };
  /** Takes one over and finishes it. False when that failed, which it logs: the next run tries again. Never throws. */
  recover(lease: L): Promise<boolean>;
  stop: AbortSignal;
}

/** What a search for orphans did: for operators, and how many could not be recovered yet. */
export interface Recovered {
  did: string;
  failed: number;
}

/** Recovers all orphans among these leases, one after the other, until `stop` fires. */
export async function recoverOrphans<L extends Holder>(
  leases: readonly L[],
  { own, recover, stop }: Recovery<L>,
): Promise<Recovered> {
  let recovered = 0;
  let failed = 0;
  for (const lease of leases) {
    if (stop.aborted) break;
    if (!isOrphaned(own, lease)) continue;
    if (await recover(lease)) recovered++;
    else failed++;
  }
  return { did: `${recovered} of ${leases.length} in progress were orphaned and are recovered`, failed };
}

import { formatTimestamp } from "../../db/clock.ts";
import type { UploadLease } from "../../db/records.ts";
import type { Deps } from "../deps.ts";
import { fateOf, processName } from "../util/process_name.ts";

/** Whether nobody carries on what a lease stands for. */
export function isAbandoned(
  { transfers }: Pick<Deps, "transfers">,
  { owner, token, expires_at }: Pick<UploadLease, "owner" | "token" | "expires_at">,
): boolean {
  // One of our own is left behind when its image could not be put back.
  if (owner === processName()) return !transfers.has(token);
  const fate = fateOf(owner);
  return fate === "dead" || (fate === "unseen" && expires_at < formatTimestamp(Date.now() * 1000));
}

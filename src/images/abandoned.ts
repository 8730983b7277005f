import { formatTimestamp } from "../../db/clock.ts";
import type { UploadLease } from "../../db/records.ts";
import { fateOf, processName } from "../util/process_name.ts";

/** Whether nobody carries on what a lease stands for. `own`: what this process has under way. */
export function isAbandoned(
  own: { has(token: string): boolean },
  { owner, token, expires_at }: Pick<UploadLease, "owner" | "token" | "expires_at">,
): boolean {
  // One of our own is left behind when it could not be ended.
  if (owner === processName()) return !own.has(token);
  const fate = fateOf(owner);
  return fate === "dead" || (fate === "unseen" && expires_at < formatTimestamp(Date.now() * 1000));
}

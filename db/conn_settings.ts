/** What a database is opened with besides its place. */
import type { WriteConn } from "./conn.ts";
import { locationCipher } from "./location_cipher.ts";

/** Which notifications are recorded. */
export interface EventSettings {
  /** Types that are not, and groups of them: the part before a type's first dot. */
  disabled: readonly string[];
}

/** Plain data: the writer's thread gets it in a message. */
export interface ConnSettings {
  /** Null: no notification is recorded. */
  events: EventSettings | null;
  /** `metadata_encryption_key`, under which location URLs are kept; null: in clear. */
  locationKey: string | null;
}

export const PLAIN: ConnSettings = { events: null, locationKey: null };

/** Whether an event of this type is recorded. */
export function wantsEvent(events: EventSettings | null, type: string): boolean {
  return events !== null && !events.disabled.includes(type) &&
    !events.disabled.includes(type.split(".", 1)[0]!);
}

/** What the settings give to every connection. Errors: config, for a key of another length than 16, 24 or 32 bytes. */
export function settle({ events, locationKey }: ConnSettings): Pick<WriteConn, "wants" | "seal" | "unseal"> {
  const cipher = locationKey === null ? null : locationCipher(locationKey);
  return {
    wants: (type) => wantsEvent(events, type),
    seal: (url) => cipher ? cipher.encrypt(url) : url,
    unseal: (stored) => cipher ? cipher.decrypt(stored) : stored,
  };
}

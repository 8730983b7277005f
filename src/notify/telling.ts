/** A database whose writes also write what they tell, each in its own transaction. */
import type { Database, DatabaseWrites } from "../../db/database.ts";
import type { NewEvent } from "../../db/event_records.ts";
import type { Deps } from "../deps.ts";
import type { Events } from "./events.ts";
import { METADEF_EVENTS } from "./told_by_metadefs.ts";
import { IMAGE_EVENTS, TASK_EVENTS } from "./told_by_writes.ts";

const OWN_EVENTS = { ...IMAGE_EVENTS, ...METADEF_EVENTS };

type AnyTable = Record<string, ((input: unknown) => NewEvent[]) | undefined>;
type AnyWrites = Record<string, (input: unknown) => Promise<unknown>>;

/** Wraps `db`, or gives it back as it is when nobody listens. */
export function withEvents(db: Database, events: Events): Database {
  if (!events.on) return db;
  const writes = (given: readonly NewEvent[] | null): DatabaseWrites => {
    const plain = db.write as unknown as AnyWrites;
    const telling: AnyWrites = {};
    for (const name of Object.keys(plain)) {
      const told = given ?? (OWN_EVENTS as AnyTable)[name];
      const tasks = (TASK_EVENTS as AnyTable)[name];
      if (told === undefined && tasks === undefined) {
        telling[name] = plain[name]!;
        continue;
      }
      telling[name] = (input) => {
        const own = typeof told === "function" ? told(input) : told ?? [];
        const all = events.pick([...own, ...(tasks?.(input) ?? [])]);
        const by = all.length === 0 ? db.write : db.telling(all, () => events.told());
        return (by as unknown as AnyWrites)[name]!(input);
      };
    }
    return telling as unknown as DatabaseWrites;
  };
  return {
    read: db.read,
    write: writes(null),
    telling: (given) => writes(given),
    close: () => db.close(),
  };
}

/** The writes; whichever is called tells these events instead of its usual ones. Costs nothing when nobody listens. */
export function tell({ db, events }: Pick<Deps, "db" | "events">, ...given: NewEvent[]): DatabaseWrites {
  return events.on ? db.telling(given) : db.write;
}

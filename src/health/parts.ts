/** Whether the parts that requests need are usable: the database, each store, the staging area, Keystone. */
import type { Deps } from "../deps.ts";
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { withTimeout } from "../util/timeout.ts";

/** One part, and why it is not usable, without paths and addresses; null when it is usable. */
export interface PartHealth {
  name: string;
  problem: string | null;
}

export type PartsHealth = () => Promise<PartHealth[]>;

/** Milliseconds for which an answer is reused, so that frequent checks cost nothing. */
const HOLD_MS = 5000;
/** Milliseconds that the check of one part may take. */
const PATIENCE_MS = 5000;

/** Makes the check of all parts. It answers at once while the last answer is new, and within seconds even if a part hangs. */
export function makePartsHealth(
  { db, stores, auth }: Pick<Deps, "db" | "stores" | "auth">,
  { now = Date.now, patienceMs = PATIENCE_MS }: { now?: () => number; patienceMs?: number } = {},
): PartsHealth {
  const usable = (problem: Promise<string | null>) =>
    problem.then((found) => found === null ? null : "It is missing, or not usable as configured.");
  const parts: [name: string, look: () => Promise<string | null>][] = [
    ["database", async () => {
      await db.read.health.ping();
      await db.write.health.probe();
      return null;
    }],
    ...stores.all.map((store): [string, () => Promise<string | null>] => [
      `store ${store.id ?? store.type}`,
      () => usable(store.problem()),
    ]),
    ["staging", () => usable(stores.staging.problem())],
  ];
  const { reach } = auth;
  if (reach !== null) parts.push(["keystone", () => reach().then(() => null)]);

  const looks = parts.map(([name, look]) => ({ name, look: makeLook(name, look, patienceMs) }));
  let held: { answer: Promise<PartHealth[]>; until: number } | null = null;
  return () => {
    if (held === null || held.until <= now()) {
      const answer = Promise.all(looks.map(async ({ name, look }) => ({ name, problem: await look() })));
      held = { answer, until: now() + HOLD_MS };
    }
    return held.answer;
  };
}

/** Bounds a check by time, does not start one again while it hangs, and logs changes. */
function makeLook(
  name: string,
  look: () => Promise<string | null>,
  patienceMs: number,
): () => Promise<string | null> {
  let looking: Promise<string | null> | null = null;
  let last: string | null = null;
  return async () => {
    looking ??= Promise.resolve().then(look).catch((error) => explain(name, error)).finally(() =>
      looking = null
    );
    const late = () => `It does not answer within ${patienceMs / 1000} s.`;
    const problem = await withTimeout<string | null>(looking, patienceMs, late);
    const log = getLog("oneglance.health");
    if (problem !== last) {
      problem === null ? log.info(`${name} can be used again`) : log.warn(`${name}: ${problem}`);
    }
    last = problem;
    return problem;
  };
}

/** The text of an error for the client: the message where it reveals nothing internal. The log has the rest. */
function explain(name: string, error: unknown): string {
  if (name === "database" && isError(error, "unavailable")) return error.message;
  getLog("oneglance.health").warn(`${name} cannot be used`, { error });
  return name === "keystone" ? "It does not answer." : "It cannot be used; the log of the service says why.";
}

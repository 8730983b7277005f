/** Whether the parts that requests need can be used: the database, each store, the staging area, Keystone. */
import type { Deps } from "../deps.ts";
import { isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";

/** One part, and why it cannot be used, in words without paths and addresses; null when it can. */
export interface PartHealth {
  name: string;
  problem: string | null;
}

/** Looks at every part. */
export type PartsHealth = () => Promise<PartHealth[]>;

/** Milliseconds that an answer holds, so that nobody makes work by asking. */
const HOLD_MS = 5000;
/** Milliseconds that a part may take. */
const PATIENCE_MS = 5000;

/** Makes the question; answers come at once while they are new, and within seconds whatever hangs. */
export function makePartsHealth(
  { db, stores, auth }: Pick<Deps, "db" | "stores" | "auth">,
  { now = Date.now, patienceMs = PATIENCE_MS }: { now?: () => number; patienceMs?: number } = {},
): PartsHealth {
  const usable = (problem: Promise<string | null>) =>
    problem.then((found) => found === null ? null : "It is away, or cannot be used as it is configured.");
  const parts: [name: string, look: () => Promise<string | null>][] = [
    ["database", async () => {
      await db.read.ping();
      await db.write.probe();
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

/** Bounds a look by time; one that hangs is not begun a second time. What changes is logged. */
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
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`It does not answer within ${patienceMs / 1000} s.`), patienceMs);
    });
    const problem = await Promise.race([looking, late]).finally(() => clearTimeout(timer));
    const log = getLog("oneglance.health");
    if (problem !== last) {
      problem === null ? log.info(`${name} can be used again`) : log.warn(`${name}: ${problem}`);
    }
    last = problem;
    return problem;
  };
}

/** An error for whoever asks: its own words where they hold nothing of the inside; the log has all of it. */
function explain(name: string, error: unknown): string {
  if (name === "database" && isError(error, "unavailable")) return error.message;
  getLog("oneglance.health").warn(`${name} cannot be used`, { error });
  return name === "keystone" ? "It does not answer." : "It cannot be used; the log of the service says why.";
}

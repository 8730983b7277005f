/** When an operation on MariaDB is done again, and after how long a wait. */
import { getLog } from "../../src/observe/log.ts";
import { DUPLICATE } from "../dialects/mariadb.ts";
import { glanceErrorOf, MariadbFailure } from "./mariadb_failure.ts";

export interface RetrySettings {
  /** `db_max_retries`; -1 = without a limit. */
  retries: number;
  /** `db_retry_interval`. */
  seconds: number;
  /** `db_inc_retry_interval`: each wait is twice the one before. */
  increase: boolean;
  /** `db_max_retry_interval`. */
  maxSeconds: number;
}

const log = getLog("oneglance.database");

/** The first wait after a conflict: the other transaction is over in a moment. */
const CONFLICT_MILLIS = 5;

/** After a row that another transaction has just inserted: the next look sees it. More often, it would not help. */
const DUPLICATE_RETRIES = 2;

/** How long to wait before the given attempt (the first repetition is 1). The first after a loss does not wait at all. */
function waitMillis(failure: MariadbFailure, attempt: number, settings: RetrySettings): number {
  const { seconds, increase, maxSeconds } = settings;
  if (failure.kind === "conflict") {
    // With a share of chance, so that two do not keep meeting.
    return Math.random() * Math.min(CONFLICT_MILLIS * 2 ** attempt, Math.max(seconds, 0.05) * 1000);
  }
  if (attempt === 1) return 0;
  return Math.min(increase ? seconds * 2 ** (attempt - 2) : seconds, maxSeconds) * 1000;
}

/**
 * Runs `action` until it succeeds, its failure would come again, or the attempts or `limitMillis` are used up.
 * Errors: of the closed list.
 */
export async function repeated<T>(
  settings: RetrySettings,
  limitMillis: number,
  action: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + limitMillis;
  for (let attempt = 1;; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof MariadbFailure)) throw error;
      const millis = waitMillis(error, attempt, settings);
      const most = error.errno === DUPLICATE ? DUPLICATE_RETRIES : settings.retries;
      const isOver = most >= 0 && attempt > most;
      if (error.kind === "statement" || isOver || performance.now() + millis > end) {
        throw glanceErrorOf(error);
      }
      if (error.kind === "away") {
        log.warn(`the database is tried again: ${error.message}`, { repeated: "away" });
      } else log.debug(`a transaction is done again: ${error.message} (${error.errno})`);
      if (millis > 0) await new Promise((resolve) => setTimeout(resolve, millis));
    }
  }
}

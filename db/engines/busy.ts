import { isBusy } from "./engine_error.ts";

/** How long a write waits for another process's lock before it is given up. */
export const BUSY_MILLIS = 20_000;

/** Waits before the next try: 2 ms, doubling up to 100 ms, with jitter, so that two do not keep meeting. */
function pause(attempt: number): Promise<void> {
  const millis = Math.min(100, 2 ** attempt) * (0.5 + Math.random());
  return new Promise((resolve) => setTimeout(resolve, millis));
}

/** Runs `action` again while the database is busy, for `millis` at most; then throws the engine's busy error. */
export async function whileBusy<T>(action: () => T | Promise<T>, millis = BUSY_MILLIS): Promise<T> {
  const end = performance.now() + millis;
  for (let attempt = 1;; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
    }
    await pause(attempt);
  }
}

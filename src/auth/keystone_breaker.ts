/** Circuit breaker: requests do not wait one after the other for a Keystone that does not answer. */

/** Seconds without requests to Keystone after a failure. */
const PAUSE_SECONDS = 5;

export class KeystoneBreaker {
  readonly #now: () => number;
  /** When the next request may try (ms since 1970); null while Keystone answers. */
  #openUntil: number | null = null;
  #asking = false;
  /** Counts the answers, so that a failure knows whether others were answered meanwhile. */
  #answers = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds until the next try, at least 1; null while Keystone answers. */
  get retryAfter(): number | null {
    if (this.#openUntil === null) return null;
    return Math.max(1, Math.ceil((this.#openUntil - this.#now()) / 1000));
  }

  /** Whether a request may run: after a failure one at a time, and only when its pause is over. */
  get mayAsk(): boolean {
    return this.#openUntil === null || !this.#asking && this.#openUntil <= this.#now();
  }

  /**
   * Runs a request; the caller has checked `mayAsk`. An error of `ask` is a failure unless Keystone answered another
   * request meanwhile: one odd token, or one cut connection of many, is not an outage.
   */
  async run<T>(ask: () => Promise<T>): Promise<T> {
    const probe = this.#openUntil !== null;
    const before = this.#answers;
    if (probe) this.#asking = true;
    try {
      const answer = await ask();
      this.#answers++;
      this.#openUntil = null;
      return answer;
    } catch (error) {
      if (this.#answers === before) this.#openUntil = this.#now() + PAUSE_SECONDS * 1000;
      throw error;
    } finally {
      if (probe) this.#asking = false;
    }
  }
}

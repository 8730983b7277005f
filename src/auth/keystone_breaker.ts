/** Keeps requests from waiting one after the other for a Keystone that does not answer. */
/** Seconds after a failure in which nobody asks. */
const PAUSE_SECONDS = 5;

/** Whether Keystone may be asked now, and what came of it. */
export class KeystoneBreaker {
  readonly #now: () => number;
  /** When somebody may ask again; null while Keystone answers. Milliseconds since 1970. */
  #openUntil: number | null = null;
  #asking = false;
  /** Numbers the answers, so that a failure knows whether anything was answered since it was asked. */
  #answers = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds until it is worth asking again, at least 1; null while Keystone answers. */
  get retryAfter(): number | null {
    if (this.#openUntil === null) return null;
    return Math.max(1, Math.ceil((this.#openUntil - this.#now()) / 1000));
  }

  /** Whether `run` asks: always, but after a failure one at a time and not before its pause is over. */
  get mayAsk(): boolean {
    return this.#openUntil === null || !this.#asking && this.#openUntil <= this.#now();
  }

  /**
   * Asks; the caller has looked at `mayAsk`. An error of `ask` is a failure unless something else was answered
   * meanwhile: one odd token, or one cut connection of many, is no outage.
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

/** Commits faster than this wait for no other caller: the processor is the limit there, and waiting would leave it idle. */
const MIN_MILLIS = 2;

/**
 * How long a write waits for others to share its commit. Callers that were answered together tend to come back
 * together: where a commit is slow, the first of them waits up to a commit's time for as many as there were,
 * so that they need one sync and not two. A caller by itself never waits.
 */
export class Gather {
  #expected = 1;
  #millis = 0;

  /** Learns from a commit that took `commitMillis` and answered `answered`, while `queued` others came. */
  committed(answered: number, queued: number, commitMillis: number): void {
    this.#expected = answered + queued;
    this.#millis = commitMillis;
  }

  /** Milliseconds that a group of `queued` writes is still to wait; 0 = send it. */
  wait(queued: number): number {
    return queued >= this.#expected || this.#millis < MIN_MILLIS ? 0 : this.#millis;
  }

  /** Stop waiting for callers that did not return. */
  over(): void {
    this.#expected = 1;
  }
}

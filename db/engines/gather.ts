import type { CommittedGroup } from "./messages.ts";

/** Commits faster than this wait for no other caller: the processor is the limit there, and waiting would leave it idle. */
const MIN_MILLIS = 2;

/**
 * How many writes share a commit, and how long one waits for others to share it. Callers that were answered together
 * tend to come back together. Where a commit is slow, the first of them waits up to a commit's time for as many as there
 * were, so that they need one sync and not two; a caller by itself never waits. Where the commit took less than the
 * writes before it, half of the callers go first: the event loop then works for one half while the writer's thread
 * works for the other, and neither stands still.
 */
export class Gather {
  #expected = 1;
  #millis = 0;
  #halve = false;

  /** Learns from a group, while `queued` others came. */
  committed({ answers, commitMillis, workMillis }: CommittedGroup, queued: number): void {
    this.#expected = answers.length + queued;
    this.#millis = commitMillis;
    this.#halve = commitMillis < workMillis;
  }

  /** Milliseconds that a group of `queued` writes is still to wait; 0 = send it. */
  wait(queued: number): number {
    return this.#halve || queued >= this.#expected || this.#millis < MIN_MILLIS ? 0 : this.#millis;
  }

  /** How many of the writes that wait go into the next group, at most. */
  share(): number {
    return this.#halve ? Math.ceil(this.#expected / 2) : Infinity;
  }

  /** Stop waiting for callers that did not return. */
  over(): void {
    this.#expected = 1;
  }
}

/** Limits lines that repeat for the same cause: the first is written, the others are counted. */

/** How long lines of one cause are counted before their number is logged (ms). */
const WINDOW = 60_000;

/** Causes counted separately; further ones are counted together, so that no caller can fill the memory or the log. */
const MOST = 500;
const OTHERS = "others";

interface Repeated<T> {
  /** When its window began, by the monotonic clock, in ms. */
  since: number;
  count: number;
  last: T | null;
  /** Ends the window; set once a line was left out. */
  timer?: ReturnType<typeof setTimeout>;
}

/** Counts the lines of each cause. `report` logs how many were left out and the last of them. */
export class Repeats<T> {
  readonly #report: (count: number, last: T, seconds: number) => void;
  readonly #known = new Map<string, Repeated<T>>();

  constructor(report: (count: number, last: T, seconds: number) => void) {
    this.#report = report;
  }

  /** Whether to write this line; otherwise counts it. */
  isFirst(key: string, line: T): boolean {
    const now = performance.now();
    if (this.#known.size >= MOST && !this.#known.has(key)) this.#forget(now);
    const cause = this.#known.has(key) || this.#known.size < MOST ? key : OTHERS;
    const known = this.#known.get(cause);
    if (known === undefined || isOver(known, now)) {
      this.#known.set(cause, { since: now, count: 0, last: null });
      return true;
    }
    known.count++;
    known.last = line;
    known.timer ??= this.#wait(cause, known.since + WINDOW - now);
    return false;
  }

  /** Reports all counts and resets them. */
  flush(): void {
    for (const [key, { timer }] of [...this.#known]) {
      clearTimeout(timer);
      this.#end(key);
      this.#known.delete(key);
    }
  }

  /** Drops causes that have not repeated within their window. */
  #forget(now: number): void {
    for (const [key, known] of [...this.#known]) if (isOver(known, now)) this.#known.delete(key);
  }

  #wait(key: string, ms: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#end(key), ms);
    Deno.unrefTimer(timer);
    return timer;
  }

  /** Reports what was left out of a window; a cause that continues is counted in the next one. */
  #end(key: string): void {
    const { count, last } = this.#known.get(key)!;
    if (count === 0) return;
    this.#known.set(key, { since: performance.now(), count: 0, last: null });
    this.#report(count, last!, WINDOW / 1000);
  }
}

/** Whether the window has ended without a line that was left out: then there is no timer that ends it. */
function isOver({ since, timer }: Repeated<unknown>, now: number): boolean {
  return timer === undefined && now - since >= WINDOW;
}

/** Limits lines that repeat for the same cause: the first is written, the others are counted. */

/** How long lines of one cause are counted before their number is logged (ms). */
const WINDOW = 60_000;

/** Causes counted separately; further ones are counted together, so that no caller can fill the memory or the log. */
const MOST = 500;
const OTHERS = "others";

interface Repeated<T> {
  count: number;
  last: T | null;
  timer: ReturnType<typeof setTimeout>;
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
    const cause = this.#known.has(key) || this.#known.size < MOST ? key : OTHERS;
    const known = this.#known.get(cause);
    if (known === undefined) {
      this.#known.set(cause, { count: 0, last: null, timer: this.#wait(cause) });
      return true;
    }
    known.count++;
    known.last = line;
    return false;
  }

  /** Reports all counts and resets them. */
  flush(): void {
    for (const [key, { timer }] of [...this.#known]) {
      clearTimeout(timer);
      this.#end(key, false);
    }
  }

  #wait(key: string): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#end(key, true), WINDOW);
    Deno.unrefTimer(timer);
    return timer;
  }

  /** A cause that continues is reported once per window; one that ended is dropped. */
  #end(key: string, goesOn: boolean): void {
    const { count, last } = this.#known.get(key)!;
    if (count > 0 && goesOn) this.#known.set(key, { count: 0, last: null, timer: this.#wait(key) });
    else this.#known.delete(key);
    if (count > 0) this.#report(count, last!, WINDOW / 1000);
  }
}

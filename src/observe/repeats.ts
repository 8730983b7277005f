/** Lines that come again and again for the same cause: the first is written, the others are counted. */

/** For how long, in ms, lines of one cause are counted before their number is told. */
const WINDOW = 60_000;

/** Causes known at a time: above it, lines are counted together, so that no caller can fill the memory or the log. */
const MOST = 500;
const OTHERS = "others";

interface Repeated<T> {
  count: number;
  last: T | null;
  timer: ReturnType<typeof setTimeout>;
}

/** Counts the lines of each cause. `tell` writes how many were left out and the last of them. */
export class Repeats<T> {
  readonly #tell: (count: number, last: T, seconds: number) => void;
  readonly #known = new Map<string, Repeated<T>>();

  constructor(tell: (count: number, last: T, seconds: number) => void) {
    this.#tell = tell;
  }

  /** Whether this line is to be written; otherwise it is counted. */
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

  /** Tells what was counted, and begins anew. */
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

  /** A cause that goes on is told once in a window; one that is over is forgotten. */
  #end(key: string, goesOn: boolean): void {
    const { count, last } = this.#known.get(key)!;
    if (count > 0 && goesOn) this.#known.set(key, { count: 0, last: null, timer: this.#wait(key) });
    else this.#known.delete(key);
    if (count > 0) this.#tell(count, last!, WINDOW / 1000);
  }
}

/** The tokens Keystone has confirmed, in this process (spec/auth-and-middleware.md §1.3). */
import { createHash } from "node:crypto";

/** Entries kept; the one used longest ago goes first. */
const CAPACITY = 20_000;

/**
 * Finds the value of a token: in the cache, or by asking once for all who ask at the same time. Only what is not
 * null is kept, `seconds` long; 0 or less keeps nothing. Errors of `ask` go to all who wait and are not kept.
 */
export class TokenCache<T> {
  readonly #entries = new Map<string, { value: T; until: number }>();
  readonly #asking = new Map<string, Promise<T | null>>();
  readonly #seconds: number;
  readonly #capacity: number;
  readonly #now: () => number;

  constructor(options: { seconds: number; capacity?: number; now?: () => number }) {
    this.#seconds = options.seconds;
    this.#capacity = options.capacity ?? CAPACITY;
    this.#now = options.now ?? Date.now;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value when it is at hand. `token` is only hashed, never kept. */
  get(token: string): T | null {
    return this.#find(keyOf(token));
  }

  /** The value at hand, or what `ask` gives. `kind` keeps questions apart that may have different answers. */
  async find(token: string, kind: string, ask: () => Promise<T | null>): Promise<T | null> {
    const key = keyOf(token);
    const held = this.#find(key);
    if (held !== null) return held;
    const question = `${kind} ${key}`;
    let asking = this.#asking.get(question);
    if (asking === undefined) {
      asking = this.#ask(key, ask).finally(() => this.#asking.delete(question));
      this.#asking.set(question, asking);
    }
    return await asking;
  }

  #find(key: string): T | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    this.#entries.delete(key);
    if (entry.until <= this.#now()) return null;
    this.#entries.set(key, entry);
    return entry.value;
  }

  async #ask(key: string, ask: () => Promise<T | null>): Promise<T | null> {
    const value = await ask();
    if (value === null || this.#seconds <= 0) return value;
    if (this.#entries.size >= this.#capacity) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, { value, until: this.#now() + this.#seconds * 1000 });
    return value;
  }
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

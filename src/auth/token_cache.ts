/** The tokens Keystone has confirmed, in this process (docs/reference/auth-and-middleware.md §1.3). */
import { createHash } from "node:crypto";
import { Lru } from "../util/lru.ts";

/** Entries kept at most. */
const CAPACITY = 20_000;

/**
 * Finds the value of a token: in the cache, or with one question for all callers at the same time. Keeps values other
 * than null for `seconds`; 0 or less keeps nothing. An error of `ask` reaches every waiting caller and is not kept.
 */
export class TokenCache<T> {
  readonly #entries: Lru<string, { value: T; until: number }>;
  readonly #asking = new Map<string, Promise<T | null>>();
  readonly #seconds: number;
  readonly #now: () => number;

  constructor(options: { seconds: number; capacity?: number; now?: () => number }) {
    this.#seconds = options.seconds;
    this.#entries = new Lru(options.capacity ?? CAPACITY);
    this.#now = options.now ?? Date.now;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The cached value, or null. Keeps only the hash of `token`. */
  get(token: string): T | null {
    return this.#find(keyOf(token));
  }

  /** The cached value, or the answer of `ask`. Questions of different `kind` may have different answers. */
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
    if (entry.until > this.#now()) return entry.value;
    this.#entries.delete(key);
    return null;
  }

  async #ask(key: string, ask: () => Promise<T | null>): Promise<T | null> {
    const value = await ask();
    if (value === null || this.#seconds <= 0) return value;
    this.#entries.set(key, { value, until: this.#now() + this.#seconds * 1000 });
    return value;
  }
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

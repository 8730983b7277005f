/** Uploads under way, so that a stop can end them and wait until their images are put back. */
export class Transfers {
  #active = new Set<AbortController>();
  #idle: (() => void)[] = [];

  get size(): number {
    return this.#active.size;
  }

  /** Enters a transfer; `end` takes it out again. `signal` fires when the process must stop at once. */
  begin(): { signal: AbortSignal; end: () => void } {
    const abort = new AbortController();
    this.#active.add(abort);
    const end = () => {
      this.#active.delete(abort);
      if (this.#active.size === 0) { for (const tell of this.#idle.splice(0)) tell(); }
    };
    return { signal: abort.signal, end };
  }

  /** Ends every transfer; their verbs put the images back. */
  abortAll(reason: Error): void {
    for (const abort of this.#active) abort.abort(reason);
  }

  /** Resolves when no transfer is under way. */
  settled(): Promise<void> {
    return this.#active.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}

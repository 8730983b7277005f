import { formatTimestamp } from "../../db/clock.ts";
import type { Timestamp, UploadLease } from "../../db/records.ts";
import { outsideLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { processName } from "../util/process_name.ts";

const log = getLog("oneglance.images.upload");

/** How long a lease holds unless it is renewed, in ms; judged by machines that cannot see our process. */
const HOLDS = 120_000;
/** Renewal, in ms: a lease outlives two that fail. */
const RENEW = 30_000;

/** One upload, or deletion, of this process. */
export interface Transfer {
  lease: Omit<UploadLease, "image_id">;
  /** Fires when the process must stop at once. */
  signal: AbortSignal;
  end(): void;
}

/**
 * Uploads and deletions under way in this process: a stop can end them and wait until their images are put back, and their
 * leases are renewed, all by one write. Nothing runs while there is none.
 */
export class Transfers {
  readonly #active = new Map<string, AbortController>();
  readonly #renew: (input: { tokens: string[]; expiresAt: Timestamp }) => Promise<unknown>;
  #idle: (() => void)[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(renew: (input: { tokens: string[]; expiresAt: Timestamp }) => Promise<unknown>) {
    this.#renew = renew;
  }

  get size(): number {
    return this.#active.size;
  }

  /** Whether the upload of that token is under way here. */
  has(token: string): boolean {
    return this.#active.has(token);
  }

  /** Enters an upload to a store (null in single-store mode); `end` takes it out again. */
  begin(storeId: string | null): Transfer {
    const token = crypto.randomUUID();
    const abort = new AbortController();
    this.#active.set(token, abort);
    this.#timer ??= outsideLogContext(() => setInterval(() => this.#renewAll(), RENEW));
    return {
      lease: { token, owner: processName(), store_id: storeId, expires_at: expiry() },
      signal: abort.signal,
      end: () => this.#end(token),
    };
  }

  #end(token: string): void {
    this.#active.delete(token);
    if (this.#active.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const tell of this.#idle.splice(0)) tell();
  }

  async #renewAll(): Promise<void> {
    try {
      await this.#renew({ tokens: [...this.#active.keys()], expiresAt: expiry() });
    } catch (error) {
      log.warn("the leases of the uploads under way could not be renewed", { error, repeated: "renewal" });
    }
  }

  /** Ends every transfer; their verbs put the images back. */
  abortAll(reason: Error): void {
    for (const abort of this.#active.values()) abort.abort(reason);
  }

  /** Resolves when no transfer is under way. */
  settled(): Promise<void> {
    return this.#active.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}

function expiry(): Timestamp {
  return formatTimestamp((Date.now() + HOLDS) * 1000);
}

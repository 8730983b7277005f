/**
 * The leases that this process holds: of uploads, deletions and whatever else another process must find when this one
 * dies (docs/adr/0004).
 */
import { formatTimestamp } from "../../db/clock.ts";
import type { Timestamp, UploadLease } from "../../db/records.ts";
import { outsideLogContext } from "../observe/context.ts";
import { getLog } from "../observe/log.ts";
import { processName } from "../util/process_name.ts";

const log = getLog("oneglance.leases");

/** How long a lease holds unless it is renewed, in ms; judged by machines that cannot see our process. */
const HOLDS = 120_000;
/** Renewal, in ms: a lease outlives two that fail. */
const RENEW = 30_000;

export type LeaseKind = "upload" | "deletion";

/** A lease that this process has entered. */
export interface Held {
  readonly token: string;
  /** What the write that begins the work stores. */
  readonly lease: Omit<UploadLease, "image_id">;
  /** Fires when the work must stop at once. */
  readonly signal: AbortSignal;
  /** The work has ended, and its lease is not in the database any more. */
  end(): void;
}

interface Entry {
  kind: LeaseKind;
  imageId: string;
  abort: AbortController;
}

/** Renews all leases with one write; a stop aborts the work and waits for its cleanup. No timer runs while there is none. */
export class HeldLeases {
  readonly #entries = new Map<string, Entry>();
  readonly #renew: (input: { tokens: string[]; expiresAt: Timestamp }) => Promise<unknown>;
  #idle: (() => void)[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(renew: (input: { tokens: string[]; expiresAt: Timestamp }) => Promise<unknown>) {
    this.#renew = renew;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether the work of that token is in progress here. */
  has(token: string): boolean {
    return this.#entries.has(token);
  }

  /** Enters work on an image, before its lease is written. `storeId`: the store written to; null in single-store mode. */
  enter(kind: LeaseKind, imageId: string, storeId: string | null = null): Held {
    const token = crypto.randomUUID();
    const abort = new AbortController();
    this.#entries.set(token, { kind, imageId, abort });
    this.#timer ??= outsideLogContext(() => setInterval(() => this.#renewAll(), RENEW));
    return {
      token,
      lease: { token, owner: processName(), store_id: storeId, expires_at: expiry() },
      signal: abort.signal,
      end: () => this.#end(token),
    };
  }

  /** Ends all work in progress; whoever began it puts the images back. */
  abortAll(reason: Error): void {
    for (const { abort } of this.#entries.values()) abort.abort(reason);
  }

  /** Resolves when no work is in progress. */
  settled(): Promise<void> {
    return this.#entries.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #end(token: string): void {
    this.#entries.delete(token);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #renewAll(): Promise<void> {
    try {
      await this.#renew({ tokens: [...this.#entries.keys()], expiresAt: expiry() });
    } catch (error) {
      log.warn("the leases of this process could not be renewed", { error, repeated: "renewal" });
    }
  }
}

function expiry(): Timestamp {
  return formatTimestamp((Date.now() + HOLDS) * 1000);
}

/** The connections of one process to one MariaDB, as SQLAlchemy's QueuePool keeps them. */
import { GlanceError } from "../../src/errors.ts";
import { MariadbFailure, tryLater } from "./mariadb_failure.ts";
import type { Session } from "./mariadb_session.ts";

export interface PoolSettings {
  /** `max_pool_size`: connections that stay open; 0 = as many as there are. */
  size: number;
  /** `max_overflow`: connections above those, closed after use; -1 = without a limit. */
  overflow: number;
  /** `pool_timeout`: how long a caller waits for a connection. */
  waitSeconds: number;
  /** `connection_recycle_time`: the age at which a connection is replaced; -1 = never. */
  recycleSeconds: number;
}

interface Waiter {
  resolve(session: Session): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout>;
}

/** How often connections are looked at whose answer may be overdue. */
const CHECK_MILLIS = 1000;

export class Pool {
  readonly #open: () => Promise<Session>;
  readonly #settings: PoolSettings;
  readonly #idle: Session[] = [];
  readonly #used = new Set<Session>();
  readonly #waiters: Waiter[] = [];
  /** Open, and being opened. */
  #count = 0;
  #closed = false;
  readonly #check: ReturnType<typeof setInterval>;

  constructor(open: () => Promise<Session>, settings: PoolSettings) {
    this.#open = open;
    this.#settings = settings;
    this.#check = setInterval(() => {
      for (const session of this.#used) session.checkAnswer();
    }, CHECK_MILLIS);
    // It alone does not keep the process alive.
    Deno.unrefTimer(this.#check as unknown as number);
  }

  /** Runs `action` with a connection that nobody else has. Errors: MariadbFailure; unavailable, when none gets free. */
  async use<T>(action: (session: Session) => Promise<T>): Promise<T> {
    const session = this.#takeIdle() ?? await this.#acquire();
    this.#used.add(session);
    try {
      return await action(session);
    } catch (error) {
      // What one connection has lost, the idle ones have mostly lost too.
      if (error instanceof MariadbFailure && error.kind === "away" && session.broken) this.#dropIdle();
      throw error;
    } finally {
      this.#used.delete(session);
      this.#release(session);
    }
  }

  /** Ends all connections; those in use after their use. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#check);
    for (const waiter of this.#waiters.splice(0)) this.#refuse(waiter, closed());
    for (const session of this.#idle.splice(0)) this.#end(session);
  }

  #takeIdle(): Session | undefined {
    for (let session = this.#idle.pop(); session; session = this.#idle.pop()) {
      if (!session.broken && !this.#isOld(session)) return session;
      this.#end(session);
    }
    return undefined;
  }

  #acquire(): Promise<Session> {
    if (this.#closed) return Promise.reject(closed());
    const { size, overflow, waitSeconds } = this.#settings;
    if (size === 0 || overflow < 0 || this.#count < size + overflow) return this.#connect();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        timer: setTimeout(() => {
          this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
          reject(tryLater("Too many requests wait for the database. Please try again later."));
        }, waitSeconds * 1000),
      };
      this.#waiters.push(waiter);
    });
  }

  async #connect(): Promise<Session> {
    this.#count++;
    try {
      return await this.#open();
    } catch (error) {
      this.#count--;
      this.#serveNext();
      throw error;
    }
  }

  #release(session: Session): void {
    if (this.#closed || session.broken || this.#isOld(session)) return this.#end(session);
    const waiter = this.#waiters.shift();
    if (waiter) {
      clearTimeout(waiter.timer);
      waiter.resolve(session);
    } else if (this.#settings.size === 0 || this.#count <= this.#settings.size) this.#idle.push(session);
    else this.#end(session);
  }

  #end(session: Session): void {
    this.#count--;
    session.end();
    this.#serveNext();
  }

  /** A place has become free: the next that waits opens a connection of its own. */
  #serveNext(): void {
    const waiter = this.#waiters.shift();
    if (!waiter) return;
    clearTimeout(waiter.timer);
    this.#connect().then(waiter.resolve, waiter.reject);
  }

  #dropIdle(): void {
    for (const session of this.#idle.splice(0)) {
      this.#count--;
      session.destroy();
    }
  }

  #isOld(session: Session): boolean {
    const { recycleSeconds } = this.#settings;
    return recycleSeconds >= 0 && performance.now() - session.openedAt > recycleSeconds * 1000;
  }

  #refuse(waiter: Waiter, error: GlanceError): void {
    clearTimeout(waiter.timer);
    waiter.reject(error);
  }
}

function closed(): GlanceError {
  return new GlanceError("unavailable", "The database is closed.");
}

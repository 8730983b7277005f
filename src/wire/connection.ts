/** One connection: requests, responses, and how it ends (RFC 9112). */
import { breakSocket } from "../util/break_socket.ts";
import { type Asked, writeResponse } from "./answer.ts";
import { Body } from "./body.ts";
import { type Head, headLength, type HeadLimits, parseHead, Refused } from "./head.ts";
import { makeRequest } from "./request.ts";
import { Source } from "./source.ts";

/** What a handler knows about the connection. */
export interface Info {
  /** Address of the peer. */
  peer: string;
  /** Resolves when the whole response was written to the socket, else rejects. */
  completed: Promise<void>;
}

export type Handler = (request: Request, info: Info) => Response | Promise<Response>;

/** Bounds of a connection; all times in ms. */
export interface Limits extends HeadLimits {
  /** For the head of a request; 0 = no limit. */
  headTime: number;
  /** For the next request, and for the peer to read more of a response; 0 = no limit. */
  idleTime: number;
  /** Whether other requests may follow. */
  keepAlive: boolean;
}

/** What a connection needs from its server. */
interface Host {
  limits: Limits;
  handler: Handler;
  /** Returns the response to a request that is refused before the handler. */
  refuse(refused: Refused, peer: string): Response;
  /** Throws Refused if this peer has made too many requests. */
  admit(peer: string): void;
  /** Called when the connection begins to wait for a request or for its peer to read, and with null when it stops. */
  waits(connection: Connection, what: "request" | "peer" | null): void;
}

/** An unread body of up to this many bytes is read and dropped, so that the connection can be reused. */
const SHORT = 64 * 1024;

/** Of a larger one this many bytes and milliseconds, so that the client can read the response (RFC 9112 §9.6). */
const LINGER_BYTES = 64 * 1024;
const LINGER_TIME = 2000;

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

export class Connection {
  readonly peer: string;
  /** When it expires, by `performance.now()`. */
  deadline = Infinity;
  /** When it began to wait. */
  since = performance.now();
  #conn: Deno.TcpConn;
  #host: Host;
  #source: Source;
  #late: "close" | "timeout" = "close";
  #closed = false;
  #last = false;
  #writing = false;
  #first = true;
  #gone = Promise.withResolvers<void>();

  constructor(conn: Deno.TcpConn, host: Host) {
    this.#conn = conn;
    this.#host = host;
    // Head and data are separate writes; none may wait for an acknowledgement.
    conn.setNoDelay();
    this.#source = new Source(conn);
    this.peer = conn.remoteAddr.hostname;
  }

  /** Serves requests until the connection ends. Never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#next());
    } catch {
      // The peer has gone or timed out; the handler sees it in the request body or in `completed`.
    } finally {
      this.close();
    }
  }

  /** Responds without reading the request. Never rejects. */
  async turnAway(refused: Refused): Promise<void> {
    try {
      await this.#refuse(refused);
    } catch {
      // The peer has gone.
    } finally {
      this.close();
    }
  }

  /** Ends the connection after the current request. */
  finish(): void {
    this.#last = true;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#gone.resolve();
    this.deadline = Infinity;
    this.#host.waits(this, null);
    if (this.#writing) breakSocket(this.#conn);
    try {
      this.#conn.close();
    } catch {
      // Already closed.
    }
  }

  /** Called when the deadline has passed. */
  expire(): void {
    this.deadline = Infinity;
    if (this.#late === "close") return this.close();
    const error = new Refused(408, "The head of the request did not arrive in time.");
    void this.#refuse(error).finally(() => this.close());
  }

  /** Serves one request; returns whether another may follow. */
  async #next(): Promise<boolean> {
    let head: Head | null;
    try {
      head = await this.#readHead();
      if (head === null) return false;
      this.#host.admit(this.peer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.#refuse(error);
      await this.#linger(null);
      return false;
    }
    const { framing } = head;
    const body = framing.kind === "none" ? null : new Body(this.#source, framing, () => this.#goOn(head));
    const { keepAlive } = this.#host.limits;
    const asked: Asked = {
      method: head.method,
      minor: head.minor,
      keepAlive: head.keepAlive && keepAlive && !this.#last,
    };
    const { promise: completed, resolve, reject } = Promise.withResolvers<void>();
    completed.catch(() => {});
    try {
      const response = await this.#host.handler(makeRequest(head, body?.stream ?? null), {
        peer: this.peer,
        completed,
      });
      if (body && !isShort(body, head)) asked.keepAlive = false;
      asked.keepAlive = await writeResponse(this.#sink, response, asked);
      resolve();
    } catch (error) {
      reject(error);
      throw error;
    }
    if (asked.keepAlive) return body === null || body.ended || await this.#drop(body);
    if (body && !body.ended) await this.#linger(body);
    return false;
  }

  /** Returns null if the peer has closed the connection. */
  async #readHead(): Promise<Head | null> {
    const { limits } = this.#host;
    this.#source.rest();
    this.#expect("close", this.#first ? limits.headTime : limits.idleTime);
    this.#first = false;
    this.#host.waits(this, "request");
    try {
      for (let begun = false;;) {
        const { held } = this.#source;
        // RFC 9112 §2.2: an empty line before the request line.
        if (held.length >= 2 && held[0] === 13 && held[1] === 10) {
          this.#source.drop(2);
          continue;
        }
        if (held.length > 0 && !begun) {
          begun = true;
          this.#expect("timeout", limits.headTime);
        }
        const length = held.length > 0 ? headLength(held, limits) : null;
        if (length !== null) {
          const head = parseHead(held.subarray(0, length), limits);
          this.#source.drop(length);
          return head;
        }
        if (!await this.#source.more()) return null;
      }
    } finally {
      this.deadline = Infinity;
      this.#host.waits(this, null);
    }
  }

  /** Sends `100 Continue` if the client waits for it; not if its body has already begun to arrive. */
  async #goOn(head: Head): Promise<void> {
    if (!head.expectsContinue || this.#source.held.length > 0) return;
    for (let at = 0; at < CONTINUE.length;) at += await this.#conn.write(CONTINUE.subarray(at));
  }

  #sink = {
    write: async (bytes: Uint8Array) => {
      this.#expect("close", this.#host.limits.idleTime);
      this.#host.waits(this, "peer");
      this.#writing = true;
      try {
        return await this.#conn.write(bytes);
      } finally {
        this.#writing = false;
        this.deadline = Infinity;
        this.#host.waits(this, null);
      }
    },
  };

  async #refuse(error: Refused): Promise<void> {
    const response = this.#host.refuse(error, this.peer);
    await writeResponse(this.#sink, response, { method: "GET", minor: 1, keepAlive: false });
  }

  /** Drops the rest of a short body; returns whether all of it came. */
  async #drop(body: Body): Promise<boolean> {
    this.#expect("close", LINGER_TIME);
    return await body.drain(SHORT);
  }

  /**
   * Ends the connection so that the peer can read the response: closing with unread bytes resets the connection, and
   * the response may be lost.
   */
  async #linger(body: Body | null): Promise<void> {
    this.#expect("close", LINGER_TIME);
    this.#host.waits(this, "request");
    await this.#conn.closeWrite();
    await body?.settled();
    const waste = new Uint8Array(16 * 1024);
    for (let dropped = 0; dropped < LINGER_BYTES;) {
      const got = await this.#source.read(waste);
      if (got === null) return;
      dropped += got;
    }
    // Reads no more; the peer has until the deadline to read the response.
    await this.#gone.promise;
  }

  #expect(late: "close" | "timeout", ms: number): void {
    this.#late = late;
    this.deadline = ms === 0 ? Infinity : performance.now() + ms;
  }
}

/** Whether the rest of a body is short enough to read, so that the connection can be reused. */
function isShort(body: Body, head: Head): boolean {
  if (body.ended) return true;
  // A client that expects `100 Continue` may or may not send the body.
  return body.left !== null && body.left <= SHORT && (!head.expectsContinue || body.begun);
}

/** One connection: heads, answers, and how it ends (RFC 9112). */
import { breakSocket } from "../util/break_socket.ts";
import { type Asked, writeResponse } from "./answer.ts";
import { type Body, openBody } from "./body.ts";
import { type Head, headLength, type HeadLimits, parseHead, Refused } from "./head.ts";
import { makeRequest } from "./request.ts";
import { Source } from "./source.ts";

/** What a handler knows of the connection. */
export interface Info {
  /** Address of the peer. */
  peer: string;
  /** Resolves when the whole answer was handed to the system; rejects when it could not be. */
  completed: Promise<void>;
}

export type Handler = (request: Request, info: Info) => Response | Promise<Response>;

/** Bounds of a connection; all times in ms. */
export interface Limits extends HeadLimits {
  /** A head comes to its end within this time; 0 = no bound. */
  headTime: number;
  /** The connection waits so long for another request, and for its peer to take more of an answer; 0 = no bound. */
  idleTime: number;
  /** Other requests may follow on it. */
  keepAlive: boolean;
}

/** What a connection asks of its server. */
export interface Host {
  limits: Limits;
  handler: Handler;
  /** The answer to a request that is refused before the handler. */
  refuse(refused: Refused, peer: string): Response;
  /** Throws Refused when this peer has made too many requests. */
  admit(peer: string): void;
  /** Told when it begins to wait, for a request or for its peer to take more of an answer, and when it does not. */
  waits(connection: Connection, what: "request" | "peer" | null): void;
}

/** So much of a body that nobody wants is read and dropped to keep the connection for the next request. */
const SHORT = 64 * 1024;

/** Of a larger one so much, and for so long, so that the client gets to read its answer (RFC 9112 §9.6). */
const LINGER_BYTES = 64 * 1024;
const LINGER_TIME = 2000;

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

export class Connection {
  readonly peer: string;
  /** When it is given up, by the clock of `performance.now()`. */
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
    // Head and data are written apart; neither waits for the other to be acknowledged.
    conn.setNoDelay();
    this.#source = new Source(conn);
    this.peer = conn.remoteAddr.hostname;
  }

  /** Serves requests until the connection ends. Never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#next());
    } catch {
      // The peer has gone, or it was given up; whoever works for it learns that from its body or its answer.
    } finally {
      this.close();
    }
  }

  /** Answers without a look at the request. Never rejects. */
  async turnAway(refused: Refused): Promise<void> {
    try {
      await this.#refuse(refused);
    } catch {
      // The peer has gone.
    } finally {
      this.close();
    }
  }

  /** No other request after the one that is being answered. */
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
      // The runtime has closed it already.
    }
  }

  /** Its deadline has passed. */
  expire(): void {
    this.deadline = Infinity;
    if (this.#late === "close") return this.close();
    const error = new Refused(408, "The head of the request did not come to its end in time.");
    void this.#refuse(error).finally(() => this.close());
  }

  /** Serves one request; whether there may be another. */
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
    const body = framing.kind === "none" ? null : openBody(this.#source, framing, () => this.#goOn(head));
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

  /** Null when the peer has closed, or sends something else after its last request. */
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

  /** The client waits for this before it sends its body; not when it sends already. */
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

  /** Reads what is left of a short body; true when it has come. */
  async #drop(body: Body): Promise<boolean> {
    this.#expect("close", LINGER_TIME);
    return await body.drain(SHORT);
  }

  /**
   * Ends the connection so that the peer can read its answer: a connection closed over bytes that were not read is
   * reset, and the answer may be lost with it.
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
    // No more is taken; the peer has until the deadline to see why.
    await this.#gone.promise;
  }

  #expect(late: "close" | "timeout", ms: number): void {
    this.#late = late;
    this.deadline = ms === 0 ? Infinity : performance.now() + ms;
  }
}

/** Whether what is left of a body is worth reading, so that the connection stays. */
function isShort(body: Body, head: Head): boolean {
  if (body.ended) return true;
  // A client that waits for `100 Continue` may send the body all the same, or not.
  return body.left !== null && body.left <= SHORT && (!head.expectsContinue || body.begun);
}

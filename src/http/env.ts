/** What a request carries through the HTTP layer. */
import type { Caller } from "../caller.ts";
import type { Ctx, Deps } from "../deps.ts";
import type { newLogContext } from "../observe/context.ts";

/** Facts about the connection, given by the server (or by a test). */
export interface Connection {
  /** Address of the TCP peer. */
  peer: string;
  /**
   * Settles when the answer is over; absent in tests. Of an answer in memory a rejection says that it could not be
   * sent. Of a stream nothing is said: Deno 2.4 rejects whenever there is a content-length, 2.9 never.
   */
  completed?: Promise<void>;
}

export interface Env {
  Bindings: Connection;
  Variables: {
    deps: Deps;
    requestId: string;
    /** Whom the lines of this request are about. */
    logContext: ReturnType<typeof newLogContext>;
    caller: Caller;
    ctx: Ctx;
    /** Scheme, host and prefix of the request as the client sees them. */
    base: RequestBase;
    /** Of an answer that is a stream: whether all of it has been taken, as far as is known. */
    allTaken?: () => boolean;
  };
}

/** `http`, `host:port` and the URL prefix, after proxy headers when those are trusted. */
export interface RequestBase {
  scheme: string;
  host: string;
  prefix: string;
  /** Client address for the access log. */
  client: string;
}

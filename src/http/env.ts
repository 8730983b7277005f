/** What a request carries through the HTTP layer. */
import type { Caller } from "../caller.ts";
import type { Ctx, Deps } from "../deps.ts";
import type { newLogContext } from "../observe/context.ts";

/** Facts about the connection, given by the server (or by a test). */
export interface Connection {
  /** Address of the TCP peer. */
  peer: string;
  /** Resolves when all of the answer was handed to the system; rejects when it was not. Absent in tests. */
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

/** The environment of a request in the HTTP layer. */
import type { Caller } from "../caller.ts";
import type { Ctx, Deps } from "../deps.ts";
import type { newLogContext } from "../observe/context.ts";

/** The connection, from the server or from a test. */
interface Connection {
  /** Address of the TCP peer. */
  peer: string;
  /** Resolves when the whole response was written to the socket, else rejects. Absent in tests. */
  completed?: Promise<void>;
}

export interface Env {
  Bindings: Connection;
  Variables: {
    deps: Deps;
    requestId: string;
    /** The context of this request's log lines. */
    logContext: ReturnType<typeof newLogContext>;
    caller: Caller;
    ctx: Ctx;
    /** Scheme, host and prefix of the request as the client sees them. */
    base: RequestBase;
  };
}

/** `http`, `host:port` and the URL prefix; from proxy headers if those are trusted. */
export interface RequestBase {
  scheme: string;
  host: string;
  prefix: string;
  /** Client address for the access log. */
  client: string;
}

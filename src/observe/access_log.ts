import { getLog, type LogContext } from "./log.ts";

/** One answered request. */
export interface Access {
  /** Address of the client. */
  readonly peer: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  readonly status: number;
  /** Of the answer's body. */
  readonly bytes: number;
  readonly seconds: number;
  readonly context: LogContext | null;
}

const log = getLog("oneglance.access");

/** Writes the line of a request; its id, user and project come by the context format. */
export function logAccess(access: Access): void {
  const { peer, method, path, protocol, status, bytes, seconds, context } = access;
  log.info(
    `${peer} "${method} ${path} ${protocol}" status: ${status} len: ${bytes} time: ${seconds.toFixed(4)}`,
    { context, fields: { peer, method, path, protocol, status, bytes, seconds } },
  );
}

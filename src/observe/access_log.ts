import { getLog, type LogContext } from "./log.ts";
import { shortened } from "./log_format.ts";

/** One answered request. */
interface Access {
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

/** Characters at most of what the caller sends: nobody without a token may fill the log. */
const MAX_PATH = 1024;
const MAX_PEER = 256;
const MAX_METHOD = 32;

/** Writes the line of a request; its id, user and project come by the context format. */
export function logAccess(access: Access): void {
  const { protocol, status, bytes, seconds, context } = access;
  const peer = shortened(access.peer, MAX_PEER);
  const method = shortened(access.method, MAX_METHOD);
  const path = shortened(access.path, MAX_PATH);
  log.info(
    `${peer} "${method} ${path} ${protocol}" status: ${status} len: ${bytes} time: ${seconds.toFixed(4)}`,
    { context, fields: { peer, method, path, protocol, status, bytes, seconds } },
  );
}

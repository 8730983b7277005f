/** Listens, counts requests in flight, and stops without breaking any (docs/architecture.md). */
import { buildApp, buildHealthApp } from "./app.ts";
import type { Config } from "./config/config.ts";
import type { Deps } from "./deps.ts";
import { type ErrorCode, GlanceError } from "./errors.ts";
import { makeIsHealth } from "./health/path.ts";
import { answerError } from "./http/middleware/entry.ts";
import { markAnswer, requestIdOf } from "./http/every_answer.ts";
import { errorResponse } from "./http/view/error.ts";
import { pathOf } from "./http/versions.ts";
import { TRANSFERS } from "./leases/held.ts";
import { getLog } from "./observe/log.ts";
import { countOpenFiles, type OpenFiles } from "./util/open_files.ts";
import { withTimeout } from "./util/timeout.ts";
import type { Info, Limits } from "./wire/connection.ts";
import type { Refused } from "./wire/head.ts";
import { listen as listenForHttp, type ListenOptions } from "./wire/listen.ts";

const log = getLog("oneglance.server");

/** Files that the service needs besides those of its connections: database, stores, outbound requests. */
const SPARE_FILES = 32;

/** How often the log may repeat that files or connections have run out (ms). */
const SAY_AGAIN = 60_000;

type App = ReturnType<typeof buildApp>;

/** A listening address. Requests wait until `open` names the parts that serve them. */
export interface Door {
  hostname: string;
  port: number;
  /** Starts to serve requests. */
  open(deps: Deps): Server;
  /** Stops listening; waiting requests get 503. */
  close(): Promise<void>;
}

interface Server {
  /** Refuses new requests, waits up to `graceMs` (0 = without limit) for those in flight, closes. True when all completed. */
  stop(graceMs: number): Promise<boolean>;
}

/**
 * Listens on the address. Until `open`, only the health check answers: it needs no database, and a probe must not wait
 * for one (docs/reference/auth-and-middleware.md §8). Errors: the operating system's, when the address is not available.
 */
export function listen(
  parts: Pick<Deps, "config" | "lifecycle"> & { files: OpenFiles },
  hostname: string,
  port: number,
): Door {
  const early = buildHealthApp(parts);
  const isHealthPath = makeIsHealth(parts.config);
  const ready = Promise.withResolvers<App>();
  ready.promise.catch(() => {});
  let app: App | undefined;
  let inFlight = 0;
  let idle: (() => void) | undefined;
  const ended = () => {
    if (--inFlight === 0) idle?.();
  };

  const { addr, close } = listenForHttp({
    hostname,
    port,
    ...bounds(parts.config, parts.files),
    refuse,
    async handler(request, connection) {
      inFlight++;
      connection.completed.then(ended, ended);
      try {
        return await answer(request, connection);
      } catch (error) {
        return answerError(error, request, undefined);
      }
    },
  });

  function answer(request: Request, connection: Info): Response | Promise<Response> {
    const isHealth = isHealthPath(pathOf(request.url));
    if (!isHealth && parts.lifecycle.stopping) return turnAway(request);
    if (app) return app.fetch(request, connection);
    if (isHealth) return early.fetch(request, connection);
    return ready.promise.then((opened) => opened.fetch(request, connection), () => turnAway(request));
  }

  return {
    hostname: addr.hostname,
    port: addr.port,
    open(deps) {
      app = buildApp(deps);
      ready.resolve(app);
      return { stop: (graceMs) => stop(deps, graceMs) };
    },
    async close() {
      ready.reject(new Error("the service does not start"));
      await close(1000);
    },
  };

  async function stop(deps: Deps, graceMs: number): Promise<boolean> {
    deps.lifecycle.stopping = true;
    if (inFlight > 0) log.info(`waiting for ${inFlight} requests in flight`);
    const clean = await withinGrace(
      new Promise<void>((resolve) => inFlight === 0 ? resolve() : idle = resolve),
      graceMs,
    );
    if (!clean) {
      log.warn(`${inFlight} requests did not complete within ${graceMs / 1000} s and are aborted`);
      deps.leases.abort(TRANSFERS, new GlanceError("unavailable", "The service is stopping."));
      // The verbs restore the status of their images: one transaction each, not a transfer.
      await withinGrace(deps.leases.settled(TRANSFERS), 5000);
    }
    await close(1000);
    return clean;
  }
}

/** The limits of the listener, from the configuration and the system (docs/limits.md). */
function bounds(
  config: Config,
  files: OpenFiles,
): Omit<ListenOptions, "hostname" | "port" | "handler" | "refuse"> {
  const line = config.get("DEFAULT.max_header_line");
  const head = config.get("oneglance.max_request_head");
  const ms = (seconds: number) => seconds * 1000;
  const limits: Limits = {
    line,
    // A raised max_header_line, for large tokens, raises the limit of the head too.
    head: line > head ? line + head : head,
    fields: config.get("oneglance.max_request_headers"),
    headTime: ms(config.get("oneglance.request_head_timeout")),
    idleTime: ms(config.get("DEFAULT.client_socket_timeout")),
    keepAlive: config.get("DEFAULT.http_keepalive"),
  };
  const asked = config.get("oneglance.max_connections");
  // A connection needs one file, and its transfer another.
  const possible = Math.max(4, Math.floor((files.limit - countOpenFiles() - SPARE_FILES) / 2));
  const connections = Math.min(asked, possible);
  if (connections < asked) {
    log.warn(
      `accepts up to ${connections} connections, not the ${asked} of max_connections: this process may have ` +
        `${files.limit} files open` +
        (files.problem === null ? "" : `, and could not raise that limit (${files.problem})`) +
        ". Raise the limit of open files (ulimit -n, LimitNOFILE= of systemd) or lower max_connections.",
    );
  }
  const say = saidSparingly();
  return {
    limits,
    connections,
    connectionsOfPeer: config.get("oneglance.max_connections_per_address"),
    requestsOfPeer: config.get("oneglance.max_requests_per_address"),
    onFull: () =>
      say(() => log.warn(`all ${connections} connections are in use; new ones wait (max_connections)`)),
    onExhausted: (error) =>
      say(() =>
        log.critical(
          `cannot accept connections (${error.message}): this process may have ${files.limit} files open. It keeps ` +
            "trying. Raise the limit of open files (ulimit -n, LimitNOFILE= of systemd).",
        )
      ),
  };
}

/** Limits messages of one kind to one a minute. */
function saidSparingly(): (say: () => void) => void {
  let last = -Infinity;
  return (say) => {
    const now = performance.now();
    if (now - last < SAY_AGAIN) return;
    last = now;
    say();
  };
}

const CODES: Record<Refused["status"], ErrorCode> = {
  400: "bad_request",
  408: "request_timeout",
  414: "uri_too_long",
  417: "expectation_failed",
  429: "too_many_requests",
  431: "header_too_large",
  503: "unavailable",
  505: "version_not_supported",
};

/** The answer to a malformed request, or to one too many. */
function refuse({ status, message }: Refused, peer: string): Response {
  log.debug(`${peer} is refused with ${status}: ${message}`);
  const headers: Record<string, string> = status === 429 || status === 503 ? { "retry-after": "1" } : {};
  const error = new GlanceError(CODES[status], message, { close: true, headers });
  return markAnswer(errorResponse(error, new Request("http://localhost/")), requestIdOf(null));
}

function turnAway(request: Request): Response {
  const error = new GlanceError("unavailable", "The service is stopping.", { close: true });
  return answerError(error, request, undefined);
}

/** Whether the promise was fulfilled in time; 0 = no limit. */
async function withinGrace(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const done = promise.then(() => true);
  return ms === 0 ? await done : await withTimeout(done, ms, () => false);
}

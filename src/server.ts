/** Listens, counts requests in flight, and stops without breaking any (design: bytes; Deno's own shutdown would). */
import { buildApp, buildHealthApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { GlanceError } from "./errors.ts";
import { answerError } from "./http/middleware/entry.ts";
import { pathOf } from "./http/versions.ts";
import { getLog } from "./observe/log.ts";

const log = getLog("oneglance.server");

type App = ReturnType<typeof buildApp>;

/** An address that is taken; requests wait at it until `open` says who serves them. */
export interface Door {
  hostname: string;
  port: number;
  /** Lets requests in. */
  open(deps: Deps): Server;
  /** Gives the address up: those who wait are told 503. */
  close(): Promise<void>;
}

export interface Server {
  /** Refuses new work, waits up to `graceMs` (0 = without limit) for what is in flight, closes. True when all of it ended well. */
  stop(graceMs: number): Promise<boolean>;
}

/**
 * Takes the address. Until the door is open only the health check answers: it needs no database, and who waits for
 * it is not kept waiting for one (spec/auth-and-middleware.md §8). Errors: the operating system's, when the address
 * cannot be had.
 */
export function listen(parts: Pick<Deps, "config" | "lifecycle">, hostname: string, port: number): Door {
  const early = buildHealthApp(parts);
  const ready = Promise.withResolvers<App>();
  ready.promise.catch(() => {});
  let app: App | undefined;
  let inFlight = 0;
  let idle: (() => void) | undefined;
  const ended = () => {
    if (--inFlight === 0) idle?.();
  };

  const server = Deno.serve({ hostname, port, onListen: () => {} }, (request, info) => {
    inFlight++;
    info.completed.then(ended, ended);
    const connection = { peer: info.remoteAddr.hostname, completed: info.completed };
    const isHealth = pathOf(request.url) === "/healthcheck";
    if (!isHealth && parts.lifecycle.stopping) return refuse(request);
    if (app) return app.fetch(request, connection);
    if (isHealth) return early.fetch(request, connection);
    return ready.promise.then((opened) => opened.fetch(request, connection), () => refuse(request));
  });

  return {
    hostname: server.addr.hostname,
    port: server.addr.port,
    open(deps) {
      app = buildApp(deps);
      ready.resolve(app);
      return { stop: (graceMs) => stop(deps, graceMs) };
    },
    async close() {
      ready.reject(new Error("the service does not start"));
      await withinGrace(server.shutdown(), 1000);
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
      log.warn(`${inFlight} requests did not end within ${graceMs / 1000} s and are broken off`);
      deps.transfers.abortAll(new GlanceError("unavailable", "The service is stopping."));
      // Their verbs put the images back; that takes a transaction, not a transfer.
      await withinGrace(deps.transfers.settled(), 5000);
    }
    await withinGrace(server.shutdown(), 1000);
    return clean;
  }
}

function refuse(request: Request): Response {
  const error = new GlanceError("unavailable", "The service is stopping.", { close: true });
  return answerError(error, request, undefined);
}

/** Whether the promise settled in time; 0 = no limit. */
async function withinGrace(promise: Promise<unknown>, ms: number): Promise<boolean> {
  if (ms === 0) {
    await promise;
    return true;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

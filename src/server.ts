/** Listens, counts requests in flight, and stops without breaking any (design: bytes; Deno's own shutdown would). */
import { buildApp } from "./app.ts";
import type { Deps } from "./deps.ts";
import { GlanceError } from "./errors.ts";
import { answerError } from "./http/middleware/entry.ts";
import { getLog } from "./observe/log.ts";

const log = getLog("oneglance.server");

export interface Server {
  hostname: string;
  port: number;
  /** Refuses new work, waits up to `graceMs` (0 = without limit) for what is in flight, closes. True when all of it ended well. */
  stop(graceMs: number): Promise<boolean>;
}

/** Serves the API. Errors: the operating system's, when the address cannot be had. */
export function listen(deps: Deps, hostname: string, port: number): Server {
  const app = buildApp(deps);
  let inFlight = 0;
  let idle: (() => void) | undefined;
  const ended = () => {
    if (--inFlight === 0) idle?.();
  };

  const server = Deno.serve({ hostname, port, onListen: () => {} }, (request, info) => {
    inFlight++;
    info.completed.then(ended, ended);
    if (deps.lifecycle.stopping && !request.url.endsWith("/healthcheck")) {
      return answerError(
        new GlanceError("unavailable", "The service is stopping.", { close: true }),
        request,
        undefined,
      );
    }
    return app.fetch(request, { peer: info.remoteAddr.hostname, completed: info.completed });
  });

  return {
    hostname: server.addr.hostname,
    port: server.addr.port,
    async stop(graceMs) {
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
    },
  };
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

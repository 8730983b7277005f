/** Whom log lines are about: the request or task that is worked on, for every line written meanwhile. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Caller } from "../caller.ts";
import type { LogContext } from "./log_record.ts";

const storage = new AsyncLocalStorage<LogContext | null>();

/** Runs `action`; all lines that it, and whatever it starts, write are about `context`. */
export function withLogContext<T>(context: LogContext, action: () => T): T {
  return storage.run(context, action);
}

/**
 * Runs `action` as if outside of every request: for timers and loops that a request happens to start, and that then
 * work for others.
 */
export function outsideLogContext<T>(action: () => T): T {
  return storage.run(null, action);
}

/** The context of the request or task that is worked on; null outside of both. */
export function currentLogContext(): LogContext | null {
  return storage.getStore() ?? null;
}

/** Makes a context of which the caller is not known yet; every field stands from the start, which keeps it quick. */
export function newLogContext(requestId: string | null, work: string): Writable<LogContext> {
  return {
    requestId,
    globalRequestId: null,
    work,
    userId: null,
    userName: null,
    projectId: null,
    projectName: null,
    domainId: null,
    systemScope: null,
    userDomainId: null,
    projectDomainId: null,
  };
}

/** Enters who asks. Secrets of the caller are none of the fields. */
export function setIdentity(context: Writable<LogContext>, caller: Caller): void {
  context.userId = caller.userId;
  context.userName = caller.userName;
  context.projectId = caller.projectId;
  context.projectName = caller.projectName;
  context.domainId = caller.domainId;
  context.systemScope = caller.systemScope;
  context.userDomainId = caller.userDomainId;
  context.projectDomainId = caller.projectDomainId;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The context of log lines: the current request or task. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Caller } from "../caller.ts";
import type { LogContext } from "./log_record.ts";

const storage = new AsyncLocalStorage<LogContext | null>();

/** Runs `action`; its log lines, and those of everything that it starts, get `context`. */
export function withLogContext<T>(context: LogContext, action: () => T): T {
  return storage.run(context, action);
}

/**
 * Runs `action` outside of every request: for timers and loops that a request starts but that work for others too.
 */
export function outsideLogContext<T>(action: () => T): T {
  return storage.run(null, action);
}

/** The context of the current request or task; null outside of both. */
export function currentLogContext(): LogContext | null {
  return storage.getStore() ?? null;
}

/** Makes a context without a caller; creating every field at once keeps the object fast. */
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

/** Adds the caller, without secrets. */
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

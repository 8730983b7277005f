/** Who asked for a task, kept so that another process can go on with it. The token is not: it is a secret. */
import { type Caller, NOBODY } from "../caller.ts";

/** The caller as JSON without token and catalog. */
export function saveCaller(caller: Caller): string {
  const { token: _token, catalog: _catalog, ...rest } = caller;
  return JSON.stringify(rest);
}

/** The caller as far as it was kept. */
export function loadCaller(text: string): Caller {
  return { ...NOBODY, ...JSON.parse(text) };
}

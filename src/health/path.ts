/** Where the health check is (spec/auth-and-middleware.md §8). */
import type { Config } from "../config/config.ts";

/** The path of the route. */
export const HEALTH_PATH = "/healthcheck";

/** Whether all parts can be used; `/healthcheck` says whether the process is to be. */
export const READY_PATH = "/healthcheck/ready";

/** Makes the test of whether a path is that of the health check: its own, or what `[healthcheck] path` says. */
export function makeIsHealth(config: Pick<Config, "get">): (path: string) => boolean {
  const also = config.get("healthcheck.path");
  return (path) => path === HEALTH_PATH || path === also;
}

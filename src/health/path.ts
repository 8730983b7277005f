/** The paths of the health check (docs/reference/auth-and-middleware.md §8). */
import type { Config } from "../config/config.ts";

/** Whether a load balancer should use this process. */
export const HEALTH_PATH = "/healthcheck";

/** Whether all parts are usable. */
export const READY_PATH = "/healthcheck/ready";

/** Makes the test for the paths of the health check: its own, and that of `[healthcheck] path`. */
export function makeIsHealth(config: Pick<Config, "get">): (path: string) => boolean {
  const also = config.get("healthcheck.path");
  return (path) => path === HEALTH_PATH || path === also;
}

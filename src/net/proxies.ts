/** Proxies that the environment names. `fetch` would go to them, with the address that was checked as if it were a name. */
import { getLog } from "../observe/log.ts";

const NAMES = ["http_proxy", "https_proxy", "all_proxy"];

/** Takes them out of this process's environment and says so in the log. */
export function leaveProxies(): void {
  const found = NAMES.flatMap((name) => [name, name.toUpperCase()]).filter((name) => Deno.env.get(name));
  if (found.length === 0) return;
  for (const name of found) Deno.env.delete(name);
  getLog("oneglance.start").warn(
    `${
      found.join(", ")
    } of the environment: no proxy is used. oneglance connects to the addresses that it has checked.`,
  );
}

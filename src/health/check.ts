/** The health of this process (docs/reference/auth-and-middleware.md §8). Cheap: load balancers ask twice a second. */
import type { Config } from "../config/config.ts";
import type { Deps } from "../deps.ts";
import { fail } from "../errors.ts";
import { readNetworks } from "../net/cidr.ts";
import type { PartHealth } from "./parts.ts";

export interface HealthOutcome {
  healthy: boolean;
  /** One for every backend. */
  reasons: string[];
  detailed: boolean;
  /** The parts that requests need, when they were checked. */
  parts?: readonly PartHealth[];
}

/** Adds the parts; each of them must be usable. */
export function withParts(outcome: HealthOutcome, parts: readonly PartHealth[]): HealthOutcome {
  const problems = [
    ...(outcome.healthy ? [] : outcome.reasons),
    ...parts.filter(({ problem }) => problem !== null).map(({ name, problem }) => `${name}: ${problem}`),
  ];
  const healthy = problems.length === 0;
  return { ...outcome, parts, healthy, reasons: healthy ? ["OK"] : problems };
}

/** Errors: not_found for a request that the health check must not answer. */
export async function checkHealth(
  { config, lifecycle }: Pick<Deps, "config" | "lifecycle">,
  from: { peer: string; headers: Headers },
): Promise<HealthOutcome> {
  const ranges = config.get("healthcheck.allowed_source_ranges");
  if (ranges.length > 0 && !readNetworks(ranges, "[healthcheck] allowed_source_ranges")(from.peer)) {
    fail("not_found");
  }
  if (config.get("healthcheck.ignore_proxied_requests") && isProxied(from.headers)) fail("not_found");
  const problems: string[] = [];
  if (lifecycle.stopping) problems.push("STOPPING");
  for (const backend of backendsOf(config)) {
    const problem = await ask(config, backend);
    if (problem !== null) problems.push(problem);
  }
  const healthy = problems.length === 0;
  return { healthy, reasons: healthy ? ["OK"] : problems, detailed: config.get("healthcheck.detailed") };
}

function isProxied(headers: Headers): boolean {
  return [...headers.keys()].some((name) => name === "x-forwarded" || name.startsWith("x-forwarded-"));
}

/** The default is disable_by_file, as in upstream's paste file. */
function backendsOf(config: Config): readonly string[] {
  const backends = config.get("healthcheck.backends");
  return backends.length > 0 ? backends : ["disable_by_file"];
}

async function ask(config: Config, backend: string): Promise<string | null> {
  if (backend === "disable_by_file") {
    const path = config.get("healthcheck.disable_by_file_path") ?? "/etc/glance/healthcheck_disable";
    return await exists(path) ? "DISABLED BY FILE" : null;
  }
  if (backend === "disable_by_files_ports") {
    const port = String(config.get("DEFAULT.bind_port") ?? 9292);
    for (const entry of config.get("healthcheck.disable_by_file_paths")) {
      const mark = entry.indexOf(":");
      if (entry.slice(0, mark) === port && await exists(entry.slice(mark + 1))) return "DISABLED BY FILE";
    }
    return null;
  }
  if (backend === "enable_by_files") {
    for (const path of config.get("healthcheck.enable_by_file_paths")) {
      if (!await exists(path)) return "FILE PATH MISSING";
    }
  }
  return null;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

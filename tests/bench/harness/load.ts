/** Load on one URL: by `wrk` when it is installed, else by our own client. */
import { findProgram, runCommand } from "./command.ts";
import { ownLoad } from "./own_load.ts";
import { BenchTrouble } from "./measure.ts";

export interface Load {
  url: string;
  connections: number;
  seconds: number;
  /** A JSON body makes it a POST. */
  json?: string;
}

export interface LoadResult {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
}

const MILLISECONDS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** The program that makes the load, for the report. */
export function loadProgram(): string {
  return findProgram("wrk") ? "wrk" : "own client (wrk is not installed)";
}

/** Runs one load; throws BenchTrouble when an answer was not 2xx or a connection failed. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const wrk = findProgram("wrk");
  return wrk ? await wrkLoad(wrk, load) : await ownLoad(load);
}

async function wrkLoad(wrk: string, load: Load): Promise<LoadResult> {
  // One thread: the other core is the server's.
  const args = ["-t1", `-c${load.connections}`, `-d${load.seconds}s`, "--latency", "--timeout", "20s"];
  let script: string | null = null;
  if (load.json !== undefined) {
    script = await Deno.makeTempFile({ suffix: ".lua" });
    await Deno.writeTextFile(
      script,
      `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[${load.json}]==]\n`,
    );
    args.push("-s", script);
  }
  try {
    const { stdout } = await runCommand(wrk, ...args, load.url);
    return readWrk(stdout, load.url);
  } finally {
    if (script) await Deno.remove(script);
  }
}

/** Reads wrk's report. */
export function readWrk(report: string, url: string): LoadResult {
  const trouble = report.match(/Non-2xx or 3xx responses: \d+|Socket errors: .*/);
  if (trouble) throw new BenchTrouble(`${url}: ${trouble[0]}`);
  const rate = report.match(/Requests\/sec:\s+([\d.]+)/);
  if (!rate) throw new BenchTrouble(`wrk said nothing about ${url}: ${report.slice(-500)}`);
  return {
    requestsPerSecond: Number(rate[1]),
    p50Ms: percentile(report, "50"),
    p99Ms: percentile(report, "99"),
  };
}

function percentile(report: string, which: string): number {
  const match = report.match(new RegExp(`\\s${which}%\\s+([\\d.]+)(us|ms|s|m)\\b`));
  if (!match) throw new BenchTrouble(`wrk's report lacks the ${which}% line`);
  return Number(match[1]) * MILLISECONDS[match[2]!]!;
}

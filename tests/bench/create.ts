import type { Bench, Result, Target } from "./harness/measure.ts";
import { NEW_IMAGE } from "./harness/api.ts";
import { runLoad } from "./harness/load.ts";
import { type Server, startServer } from "./harness/server.ts";
import { onSlowDisk, SYNC_MILLIS } from "./harness/slow_sync.ts";
import { spread, takeTurns } from "./harness/statistics.ts";
import { fsyncsPerSecond, slowFsyncsPerSecond } from "./limits/fsyncs.ts";

const TARGET: Target = { of: "ratio", op: "≥", value: 6 };

/**
 * Measures POST /v2/images by 16 connections, beside the disk's syncs per second; each response follows a durable
 * write, so a ratio above 1 shows group commit. Runs once on the disk as it is, and once with slow syncs, where the disk
 * is the limit and not the processor.
 */
export async function measureCreate(bench: Bench): Promise<Result[]> {
  const seconds = Math.min(2, bench.seconds);
  const asItIs = await beside(bench, "create", await startServer(bench.dir), () => {
    return Promise.resolve(fsyncsPerSecond(bench.dir, seconds));
  });
  const name = `create, syncs of ${SYNC_MILLIS} ms`;
  if (onSlowDisk([]) === null) return [asItIs, { name, skipped: "strace is not installed" }];
  const slow = await startServer(bench.dir, { wrap: (command) => onSlowDisk(command)! });
  return [
    asItIs,
    await beside(bench, name, slow, async () => (await slowFsyncsPerSecond(bench.dir, seconds))!),
  ];
}

async function beside(
  bench: Bench,
  name: string,
  server: Server,
  syncs: () => Promise<number>,
): Promise<Result> {
  try {
    const load = { url: `${server.url}/v2/images`, json: NEW_IMAGE, connections: 16 };
    await runLoad({ ...load, seconds: 1 });
    const p99: number[] = [];
    const [ours, limit] = await takeTurns(bench.rounds, [
      async () => {
        const result = await runLoad({ ...load, seconds: bench.seconds });
        p99.push(result.p99Ms);
        return result.requestsPerSecond;
      },
      syncs,
    ]);
    return {
      name,
      unit: "req/s",
      ours: spread(ours!),
      limit: { name: "fsyncs of 4 KiB", ...spread(limit!) },
      target: TARGET,
      note: `p99 ${spread(p99).median.toFixed(2)} ms at 16 connections`,
    };
  } finally {
    await server.stop();
  }
}

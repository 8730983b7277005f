import type { Bench, Result } from "./harness/measure.ts";
import { NEW_IMAGE } from "./harness/api.ts";
import { runLoad } from "./harness/load.ts";
import { startServer } from "./harness/server.ts";
import { spread, takeTurns } from "./harness/statistics.ts";
import { fsyncsPerSecond } from "./limits/fsyncs.ts";

/** POST /v2/images by 16 connections, each answer durable, beside the disk's syncs: more than 1 is group commit. */
export async function measureCreate(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  const server = await startServer(dir);
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
      () => Promise.resolve(fsyncsPerSecond(dir, Math.min(2, bench.seconds))),
    ]);
    return [{
      name: "create",
      unit: "req/s",
      ours: spread(ours!),
      limit: { name: "fsyncs of 4 KiB", ...spread(limit!) },
      target: { of: "ratio", op: "≥", value: 6 },
      note: `p99 ${spread(p99).median.toFixed(2)} ms at 16 connections`,
    }];
  } finally {
    await server.stop();
  }
}

import type { Bench, Figure } from "./measure.ts";
import { runLoad } from "./load.ts";
import { spread, takeTurns } from "./statistics.ts";
import { startBareServer, takeAnswer } from "../limits/bare_server.ts";

/** Requests per second of `url`, and in turns those of a bare server that gives the same answer. */
export async function measureBesideBare(
  bench: Bench,
  dir: string,
  url: string,
): Promise<Omit<Figure, "name">> {
  const bare = await startBareServer(dir, await takeAnswer(url));
  try {
    const p99: number[] = [];
    const load = { connections: bench.connections, seconds: bench.seconds };
    // Both have compiled their hot paths before the first sample.
    await runLoad({ url, ...load, seconds: 1 });
    await runLoad({ url: bare.url, ...load, seconds: 1 });
    const [ours, limit] = await takeTurns(bench.rounds, [
      async () => {
        const result = await runLoad({ url, ...load });
        p99.push(result.p99Ms);
        return result.requestsPerSecond;
      },
      async () => (await runLoad({ url: bare.url, ...load })).requestsPerSecond,
    ]);
    return {
      unit: "req/s",
      ours: spread(ours!),
      limit: { name: "bare Deno.serve", ...spread(limit!) },
      note: `p99 ${spread(p99).median.toFixed(2)} ms at ${bench.connections} connections`,
    };
  } finally {
    await bare.child.stop();
  }
}

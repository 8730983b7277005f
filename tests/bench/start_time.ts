import type { Bench, Result } from "./harness/measure.ts";
import { type Server, startServer, startStandalone } from "./harness/server.ts";
import { spread, takeTurns } from "./harness/statistics.ts";
import { startBareServer, takeAnswer } from "./limits/bare_server.ts";

async function startMs(starting: Promise<Server>): Promise<number> {
  const server = await starting;
  await server.stop();
  return server.startMs;
}

/** Measures the time from process start to the first 200 of /healthcheck, beside the first response of a bare Deno.serve. */
export async function measureStartTime(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  // The first start does not count: it fills the runtime's caches and creates the database.
  const server = await startServer(dir);
  const answer = await takeAnswer(`${server.url}/healthcheck`).finally(() => server.stop());
  let fresh = 0;
  const [again, empty, bare] = (await takeTurns(bench.rounds, [
    () => startMs(startServer(dir)),
    () => startMs(startStandalone(`${dir}/fresh-${fresh++}`)),
    async () => {
      const limit = await startBareServer(dir, answer);
      await limit.child.stop();
      return limit.startMs;
    },
  ])).map(spread);
  const limit = { name: "bare Deno.serve", ...bare! };
  return [
    { name: "start", unit: "ms", ours: again!, limit, note: "the database is there" },
    {
      name: "first start",
      unit: "ms",
      ours: empty!,
      limit,
      note: "stand-alone, in an empty folder: makes its database",
    },
  ];
}

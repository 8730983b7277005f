/** Debian's real glance-api beside oneglance, in turns: one database, the same images (docs/benchmarks.md). */
import { type Glance, GLANCE_COMMANDS, startGlance } from "../compat/support/glance.ts";
import { missing } from "../support/installed.ts";
import { NEW_IMAGE } from "./harness/api.ts";
import { type Load, runLoad } from "./harness/load.ts";
import type { Bench, Figure, Measure, Result } from "./harness/measure.ts";
import { seededDatabase } from "./harness/seed.ts";
import { startServer } from "./harness/server.ts";
import { spread, takeTurns } from "./harness/statistics.ts";

/** As many as the machine that CI has cores. */
const GLANCE_WORKERS = 2;

/** What a request is measured with; `least` is the ratio to reach on MariaDB. */
interface Ask {
  name: string;
  load: Pick<Load, "json"> & { path: string };
  least: number;
}

/** Both, on one database with `count` images. */
interface Pair {
  ours: string;
  theirs: string;
  /** One of the images. */
  id: string;
}

export const PEER: Record<string, Measure> = {
  show: (bench) =>
    besideGlance(bench, 1000, ({ id }) => [{ name: "show", load: { path: `/v2/images/${id}` }, least: 100 }]),
  list: async (bench) => {
    const list = (count: number) =>
      besideGlance(bench, count, () => [{
        name: `list 25 of ${count.toLocaleString("en-GB")}`,
        load: { path: "/v2/images?limit=25" },
        least: 60,
      }]);
    return [...await list(1000), ...await list(bench.quick ? 2000 : 20_000)];
  },
  create: (bench) =>
    besideGlance(
      bench,
      40,
      () => [{ name: "create", load: { path: "/v2/images", json: NEW_IMAGE }, least: 20 }],
    ),
};

/** Starts both on a new database with `count` images, and measures what `asks` names. */
async function besideGlance(bench: Bench, count: number, asks: (pair: Pair) => Ask[]): Promise<Result[]> {
  if (missing(...GLANCE_COMMANDS)) {
    return [{ name: `beside glance-api, ${count} images`, skipped: "glance-api is not installed" }];
  }
  const dir = `${bench.dir}/${count}`;
  await using open = new AsyncDisposableStack();
  let theirs = "";
  const { connection, ids } = open.use(
    // A database that oneglance makes is too new for Debian's Glance; one of Glance's serves both.
    await seededDatabase(bench, dir, count, async (connection) => {
      const glance = await startPeer(`${dir}/glance`, connection);
      open.defer(async () => void await glance.stop());
      theirs = glance.url;
    }),
  );
  const ours = await startServer(`${dir}/ours`, { connection });
  open.defer(() => ours.stop());
  const pair: Pair = { ours: ours.url, theirs, id: ids[ids.length >> 1]! };
  const figures: Figure[] = [];
  for (const ask of asks(pair)) figures.push(await measureBoth(bench, pair, ask));
  return figures;
}

async function startPeer(folder: string, connection: string): Promise<Glance> {
  await Deno.mkdir(folder);
  return await startGlance({
    folder,
    workers: GLANCE_WORKERS,
    set: {
      database: { connection: connection.replace(/^mysql:/, "mysql+pymysql:") },
      // A file, so that reading it costs this program nothing.
      DEFAULT: { use_stderr: "false", log_file: `${folder}/api.log` },
    },
  });
}

async function measureBoth(bench: Bench, pair: Pair, { name, load, least }: Ask): Promise<Figure> {
  const { path, ...rest } = load;
  const ask = async (base: string, seconds: number) => {
    const asked = { url: `${base}${path}`, connections: bench.connections, seconds, ...rest };
    return (await runLoad(asked)).requestsPerSecond;
  };
  for (const base of [pair.ours, pair.theirs]) await ask(base, Math.min(3, bench.seconds));
  const [ours, theirs] = await takeTurns(bench.rounds, [
    () => ask(pair.ours, bench.seconds),
    () => ask(pair.theirs, bench.seconds),
  ]);
  return {
    name: `${name}, ${bench.server ? "MariaDB" : "SQLite"}`,
    unit: "req/s",
    ours: spread(ours!),
    limit: { name: `glance-api, ${GLANCE_WORKERS} workers`, ...spread(theirs!) },
    ...(bench.server === undefined ? {} : { target: { of: "ratio", op: "≥", value: least } }),
  };
}

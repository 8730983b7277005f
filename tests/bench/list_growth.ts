import { listIds } from "./harness/api.ts";
import { type Bench, BenchTrouble, type Figure, type Result } from "./harness/measure.ts";
import { KeptConnection, requestBytes } from "./harness/kept_connection.ts";
import { type SeededDatabase, seededDatabase } from "./harness/seed.ts";
import { type Server, startServer } from "./harness/server.ts";
import { spread, takeTurns } from "./harness/statistics.ts";

const PAGE = 25;

/** The measured lists. FAR is the id of an image far down the list, BIG of a large one, NAME the name of one image. */
const LISTS: { name: string; query: string; images: number }[] = [
  { name: "plain", query: "", images: PAGE },
  { name: "far marker", query: "&marker=FAR", images: PAGE },
  { name: "one name", query: "&name=NAME", images: 1 },
  { name: "rare tag", query: "&tag=rare", images: PAGE },
  { name: "rare property", query: "&build=rare", images: PAGE },
  { name: "common property", query: "&os_distro=debian", images: PAGE },
  { name: "common property, far marker", query: "&os_distro=debian&marker=FAR", images: PAGE },
  { name: "status, format, size", query: `&status=active&disk_format=raw&size_min=1`, images: PAGE },
  {
    name: "visibility and owner, far marker",
    query: "&visibility=public&owner=project-3&marker=FAR",
    images: PAGE,
  },
  { name: "by name, far marker", query: "&sort=name:desc&marker=FAR", images: PAGE },
  { name: "by size, far marker", query: "&sort=size:asc&marker=BIG", images: PAGE },
];

/** Requests to each catalogue in one round. */
const ASKS = 60;

interface Catalogue {
  count: number;
  ids: string[];
  server: Server;
  connection: KeptConnection;
}

interface Filled {
  count: number;
  dir: string;
  database: SeededDatabase;
}

async function openCatalogue(
  { count, dir, database: { connection, ids } }: Filled,
  open: AsyncDisposableStack,
): Promise<Catalogue> {
  const server = await startServer(dir, { connection });
  open.defer(() => server.stop());
  return { count, ids, server, connection: open.use(await KeptConnection.open(server.url)) };
}

function listUrl({ server, ids, count }: Catalogue, query: string): string {
  const name = `seed-${String(count / 2).padStart(7, "0")}`;
  // The list begins with the newest image, so an old one is near its end. 25 images of one of 10 owners must follow the
  // marker: 400 are enough.
  const filled = query.replace("FAR", ids[400]!).replace("BIG", ids[900]!).replace("NAME", name);
  return `${server.url}/v2/images?limit=${PAGE}${filled}`;
}

/** Returns the p50 of one list in each catalogue. */
async function askInTurns(catalogues: Catalogue[], query: string): Promise<number[]> {
  const requests = catalogues.map((catalogue) => requestBytes(listUrl(catalogue, query)));
  // One request per turn: a longer disturbance of the machine then hits all catalogues alike.
  const samples = await takeTurns(
    ASKS,
    catalogues.map(({ connection }, index) => () => connection.ask(requests[index]!)),
  );
  return samples.map((times) => spread(times).median);
}

async function measureOne(
  bench: Bench,
  catalogues: Catalogue[],
  { name, query, images }: typeof LISTS[number],
): Promise<Figure> {
  for (const catalogue of catalogues) {
    const found = (await listIds(listUrl(catalogue, query))).length;
    // An empty page would be fast and measure nothing.
    if (found !== images) {
      throw new BenchTrouble(`list ${name} of ${catalogue.count}: ${found} images instead of ${images}`);
    }
  }
  // A warm-up: compilation and first reads do not count.
  await askInTurns(catalogues, query);
  const rounds: number[][] = [];
  for (let round = 0; round < bench.rounds; round++) rounds.push(await askInTurns(catalogues, query));
  const [small, middle, large] = catalogues.map((_, index) => spread(rounds.map((p50s) => p50s[index]!)));
  const count = (index: number) => catalogues[index]!.count.toLocaleString("en-GB");
  return {
    name: `list of ${count(2)}, ${name}`,
    unit: "ms",
    ours: large!,
    limit: { name: `of ${count(0)}`, ...small! },
    target: { of: "ratio", op: "<", value: 1.5 },
    note: `of ${count(1)} ${middle!.median.toFixed(2)} ms`,
  };
}

/** Measures the p50 of a page of 25 among 1,000, 20,000 and 200,000 images: one caller, with and without filters and a far marker. */
export async function measureListGrowth(bench: Bench): Promise<Result[]> {
  await using open = new AsyncDisposableStack();
  const all: Filled[] = [];
  for (const count of bench.quick ? [1000, 4000, 20_000] : [1000, 20_000, 200_000]) {
    const dir = `${bench.dir}/${count}`;
    all.push({ count, dir, database: open.use(await seededDatabase(bench, dir, count)) });
  }
  // After all are filled: a server ends a connection on which nothing is asked for long.
  const catalogues: Catalogue[] = [];
  for (const filled of all) catalogues.push(await openCatalogue(filled, open));
  const figures: Figure[] = [];
  for (const list of LISTS) figures.push(await measureOne(bench, catalogues, list));
  return figures;
}

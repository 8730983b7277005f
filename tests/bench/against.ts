/** This revision beside another one: the same figures of both, in turns (docs/benchmarks.md). */
import { createImage, createNamespaces, deleteImage, NEW_IMAGE } from "./harness/api.ts";
import {
  compare,
  type Compared,
  compareInTurns,
  type Comparison,
  type Sample,
  sampleInTurns,
  sampleOf,
} from "./harness/compare.ts";
import { createImages } from "./harness/filled_server.ts";
import { type Load, runLoad } from "./harness/load.ts";
import type { Bench } from "./harness/measure.ts";
import { readCpu } from "./harness/process_cpu.ts";
import { readMemory } from "./harness/process_memory.ts";
import { type Program, type Server, startServer } from "./harness/server.ts";
import { megabytesPerSecond, randomFile, requireRoom, sizeName, transferMib } from "./harness/sizes.ts";
import { downloadUrl, uploadFile } from "./harness/transfer.ts";

/** The two programs. */
export interface Programs {
  ours: Program;
  theirs: Program;
}

type Against = (bench: Bench, programs: Programs) => Promise<Comparison[]>;

/** How long an idle process may settle before its memory is read (ms). */
const SETTLE = 1500;

export const AGAINST: Record<string, Against> = {
  show: (bench, programs) =>
    withBoth(bench, programs, async (both) => {
      const ids = await each(both, (server) => createImages(server.url, 1000));
      return [await requests(bench, both, "show", (index) => ({ path: `/v2/images/${ids[index]}` }))];
    }),
  list: (bench, programs) =>
    withBoth(bench, programs, async (both) => {
      const list = (name: string) => requests(bench, both, name, () => ({ path: "/v2/images?limit=25" }));
      await each(both, (server) => createImages(server.url, 1000));
      const small = await list("list 25 of 1,000");
      const more = bench.quick ? 1000 : 19_000;
      await each(both, (server) => createImages(server.url, more));
      return [small, await list(`list 25 of ${(1000 + more).toLocaleString("en-GB")}`)];
    }),
  create: (bench, programs) =>
    withBoth(bench, programs, async (both) => [
      await requests(bench, both, "create", () => ({ path: "/v2/images", json: NEW_IMAGE })),
    ]),
  metadefs: (bench, programs) =>
    withBoth(bench, programs, async (both) => {
      await each(both, (server) => createNamespaces(server.url, 50));
      const path = "/v2/metadefs/namespaces?limit=25";
      return [await requests(bench, both, "metadefs list 25 of 50", () => ({ path }))];
    }),
  upload: (bench, programs) => withBoth(bench, programs, (both) => transfers(bench, both)),
  start: compareStarts,
};

/** Starts one server of each program, in folders of their own, and stops both at the end. */
async function withBoth<T>(
  bench: Bench,
  { ours, theirs }: Programs,
  work: (both: [ours: Server, theirs: Server]) => Promise<T>,
): Promise<T> {
  const one = await startServer(`${bench.dir}/ours`, { program: ours });
  try {
    const other = await startServer(`${bench.dir}/theirs`, { program: theirs });
    try {
      return await work([one, other]);
    } finally {
      await other.stop();
    }
  } finally {
    await one.stop();
  }
}

/** Does the same on both, one after the other. */
async function each<T>(both: readonly Server[], work: (server: Server) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const server of both) results.push(await work(server));
  return results;
}

/** Requests per second and CPU time of one. `ask` gives the request to ours (0) and to theirs (1). */
async function requests(
  bench: Bench,
  both: [Server, Server],
  name: string,
  ask: (index: number) => { path: string; json?: string },
): Promise<Comparison> {
  const load = (server: Server, index: number, seconds: number) => {
    const { path, ...rest } = ask(index);
    const load: Load = { url: `${server.url}${path}`, connections: bench.connections, seconds, ...rest };
    return runLoad(load);
  };
  const way = (index: number) => () =>
    sampleOf(both[index]!, async () => {
      const { requestsPerSecond } = await load(both[index]!, index, bench.seconds);
      return { value: requestsPerSecond, work: requestsPerSecond * bench.seconds };
    });
  // Both have compiled their hot paths before the first sample.
  for (const [index, server] of both.entries()) await load(server, index, bench.quick ? 1 : 3);
  const what: Compared = { name, unit: "req/s", better: "more", cpu: { unit: "µs", perSecond: 1e6 } };
  return await compareInTurns(bench.rounds, what, way(0), way(1));
}

/** Upload with a length and in chunks, download, and the peak memory that these have cost. */
async function transfers(bench: Bench, both: [Server, Server]): Promise<Comparison[]> {
  const mib = transferMib(bench);
  const path = await randomFile(bench, mib);
  requireRoom(bench.dir, 4 * mib);
  const rate = (server: Server, work: () => Promise<number>) =>
    sampleOf(server, async () => ({
      value: megabytesPerSecond(mib, await work()),
      work: mib / 1024,
    }));
  const upload = (chunked: boolean) => (server: Server) => async () => {
    const id = await createImage(server.url);
    const sample = await rate(server, () => uploadFile(server.url, id, path, { chunked }));
    await deleteImage(server.url, id);
    return sample;
  };
  const results: Comparison[] = [];
  const transfer = async (name: string, way: (server: Server) => () => Promise<Sample>) => {
    const what: Compared = {
      name: `${name} ${sizeName(mib)}`,
      unit: "MB/s",
      better: "more",
      cpu: { unit: "s/GiB", perSecond: 1 },
    };
    results.push(await compareInTurns(bench.rounds, what, way(both[0]), way(both[1])));
  };
  await each(both, (server) => upload(false)(server)());
  await transfer("upload", upload(false));
  await transfer("chunked upload", upload(true));
  const ids = await each(both, async ({ url }) => {
    const id = await createImage(url);
    await uploadFile(url, id, path);
    return id;
  });
  await transfer("download", (server) => () => {
    const id = ids[both.indexOf(server)]!;
    return rate(server, () => downloadUrl(`${server.url}/v2/images/${id}/file`));
  });
  const [one, other] = both.map(({ child }) => ({ value: readMemory(child.pid).peak, cpu: 0, work: 1 }));
  results.push(compare({ name: "peak RSS of these", unit: "MiB", better: "less" }, [one!], [other!]));
  return results;
}

/** Start with an existing database, to the first 200 of the health check, and the idle memory some time after. */
async function compareStarts(bench: Bench, programs: Programs): Promise<Comparison[]> {
  const start = (program: Program, dir: string) => async () => {
    const server = await startServer(dir, { program });
    const cpu = readCpu(server.child.pid);
    await new Promise((resolve) => setTimeout(resolve, SETTLE));
    const { rss } = readMemory(server.child.pid);
    await server.stop();
    return { start: { value: server.startMs, cpu, work: 1 }, idle: { value: rss, cpu: 0, work: 1 } };
  };
  const ours = start(programs.ours, `${bench.dir}/ours`);
  const theirs = start(programs.theirs, `${bench.dir}/theirs`);
  // The first start fills the runtime's caches and makes the database.
  await ours();
  await theirs();
  const samples = await sampleInTurns(bench.rounds, ours, theirs);
  const compared = (which: "start" | "idle", what: Compared) =>
    compare(what, samples.ours.map((sample) => sample[which]), samples.theirs.map((sample) => sample[which]));
  return [
    compared("start", { name: "start", unit: "ms", better: "less", cpu: { unit: "ms", perSecond: 1000 } }),
    compared("idle", { name: "RSS idle", unit: "MiB", better: "less" }),
  ];
}

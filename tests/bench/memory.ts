import type { Bench, Result } from "./harness/measure.ts";
import { createImage, deleteImage } from "./harness/api.ts";
import { readMemory, watchMemory } from "./harness/process_memory.ts";
import { startServer } from "./harness/server.ts";
import { randomFile, requireRoom, sizeName, transferMib } from "./harness/sizes.ts";
import { spread } from "./harness/statistics.ts";
import { downloadUrl, uploadFile } from "./harness/transfer.ts";
import { startBareServer } from "./limits/bare_server.ts";

interface Visit {
  idle: number;
  uploadPeak: number;
  uploadRss: number;
  downloadPeak: number;
}

/** Runs one upload and one download on a new server, so that nothing else adds to its peak memory. */
async function visit(bench: Bench, path: string): Promise<Visit> {
  const server = await startServer(bench.dir);
  try {
    const { pid } = server.child;
    const idle = readMemory(pid).rss;
    const id = await createImage(server.url);
    const upload = await watchMemory(pid, () => uploadFile(server.url, id, path));
    const download = await watchMemory(pid, () => downloadUrl(`${server.url}/v2/images/${id}/file`));
    await deleteImage(server.url, id);
    return {
      idle,
      uploadPeak: upload.peak,
      uploadRss: spread(upload.rss).median,
      downloadPeak: Math.max(...download.rss),
    };
  } finally {
    await server.stop();
  }
}

/** Returns the memory of a bare Deno.serve: what the runtime itself uses. */
async function bareMemory(bench: Bench): Promise<number> {
  const bare = await startBareServer(bench.dir, { status: 200, headers: [], body: "OK" });
  try {
    return readMemory(bare.child.pid).rss;
  } finally {
    await bare.child.stop();
  }
}

/** Measures the memory of an idle oneglance, and its peaks (VmHWM) during a 1 GiB and a 4 GiB transfer. */
export async function measureMemory(bench: Bench): Promise<Result[]> {
  const small = transferMib(bench);
  const large = 4 * small;
  requireRoom(bench.dir, 2 * large + small);
  const smallPath = await randomFile(bench, small);
  const largePath = await randomFile(bench, large);
  const visits: { bare: number; small: Visit; large: Visit }[] = [];
  for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
    visits.push({
      bare: await bareMemory(bench),
      small: await visit(bench, smallPath),
      large: await visit(bench, largePath),
    });
  }
  await Deno.remove(largePath);
  const unit = "MiB";
  const smallPeak = spread(visits.map((v) => v.small.uploadPeak));
  const largePeak = spread(visits.map((v) => v.large.uploadPeak));
  const during = (of: "small" | "large") =>
    `median during the upload ${spread(visits.map((v) => v[of].uploadRss)).median.toFixed(0)} MiB`;
  return [
    {
      name: "RSS idle",
      unit,
      ours: spread(visits.map((v) => v.small.idle)),
      limit: { name: "bare Deno.serve", ...spread(visits.map((v) => v.bare)) },
    },
    {
      name: `peak RSS, upload ${sizeName(small)}`,
      unit,
      ours: smallPeak,
      target: { of: "worst", op: "≤", value: 200 },
      note: during("small"),
    },
    {
      name: `peak RSS, upload ${sizeName(large)}`,
      unit,
      ours: largePeak,
      target: { of: "worst", op: "≤", value: 200 },
      note: during("large"),
    },
    {
      name: `peak RSS, growth with size`,
      unit,
      ours: largePeak,
      limit: { name: `upload ${sizeName(small)}`, ...smallPeak },
      // Four times the bytes. The limit leaves room for the heap's variation between runs.
      target: { of: "ratio", op: "≤", value: 1.15 },
    },
    {
      name: `peak RSS, download ${sizeName(large)}`,
      unit,
      ours: spread(visits.map((v) => v.large.downloadPeak)),
      note: "sampled, after the upload in the same process",
    },
  ];
}

import type { Bench, Result } from "./harness/measure.ts";
import { createImage, deleteImage } from "./harness/api.ts";
import { startServer } from "./harness/server.ts";
import { megabytesPerSecond, randomFile, requireRoom, sizeName, transferMib } from "./harness/sizes.ts";
import { spread, takeTurns } from "./harness/statistics.ts";
import { uploadFile } from "./harness/transfer.ts";
import { copySeconds } from "./limits/disk_copy.ts";
import { hashSeconds } from "./limits/hashes.ts";

/** Measures PUT of an image's data by one curl, beside its two hashes and beside a synced copy on the same disk. */
export async function measureUpload(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  const mib = transferMib(bench);
  const path = await randomFile(bench, mib);
  requireRoom(dir, 2 * mib);
  const server = await startServer(dir);
  try {
    const rate = (seconds: number) => megabytesPerSecond(mib, seconds);
    const [ours, hashes, copies] = (await takeTurns(bench.rounds, [
      async () => {
        const id = await createImage(server.url);
        const seconds = await uploadFile(server.url, id, path);
        await deleteImage(server.url, id);
        return rate(seconds);
      },
      async () => rate(await hashSeconds(path)),
      async () => rate(await copySeconds(path, dir)),
    ])).map(spread);
    const name = `upload ${sizeName(mib)}`;
    return [
      {
        name,
        unit: "MB/s",
        ours: ours!,
        limit: { name: "md5sum and sha512sum", ...hashes! },
        target: { of: "ratio", op: "≥", value: 1.2 },
      },
      {
        name,
        unit: "MB/s",
        ours: ours!,
        limit: { name: "dd conv=fsync", ...copies! },
        note: "what the disk allows",
      },
    ];
  } finally {
    await server.stop();
  }
}

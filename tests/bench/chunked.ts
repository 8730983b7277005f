import type { Bench, Result } from "./harness/measure.ts";
import { createImage, deleteImage } from "./harness/api.ts";
import { startServer } from "./harness/server.ts";
import { megabytesPerSecond, randomFile, requireRoom, sizeName, transferMib } from "./harness/sizes.ts";
import { spread, takeTurns } from "./harness/statistics.ts";
import { uploadFile } from "./harness/transfer.ts";

/** Measures a chunked PUT by one curl (chunks of 65,524 bytes), beside the same PUT with `Content-Length`. */
export async function measureChunked(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  const mib = transferMib(bench);
  const path = await randomFile(bench, mib);
  requireRoom(dir, 2 * mib);
  const server = await startServer(dir);
  const upload = (chunked: boolean) => async () => {
    const id = await createImage(server.url);
    const seconds = await uploadFile(server.url, id, path, { chunked });
    await deleteImage(server.url, id);
    return megabytesPerSecond(mib, seconds);
  };
  try {
    const [ours, plain] = (await takeTurns(bench.rounds, [upload(true), upload(false)])).map(spread);
    return [{
      name: `upload ${sizeName(mib)}, chunked`,
      unit: "MB/s",
      ours: ours!,
      limit: { name: "the same with Content-Length", ...plain! },
      target: { of: "ratio", op: "≥", value: 0.5 },
    }];
  } finally {
    await server.stop();
  }
}

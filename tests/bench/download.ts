import type { Bench, Result } from "./harness/measure.ts";
import { createImage } from "./harness/api.ts";
import { findProgram } from "./harness/command.ts";
import { startServer } from "./harness/server.ts";
import { megabytesPerSecond, randomFile, requireRoom, sizeName, transferMib } from "./harness/sizes.ts";
import { spread, takeTurns } from "./harness/statistics.ts";
import { downloadUrl, uploadFile } from "./harness/transfer.ts";
import { startNginx } from "./limits/nginx.ts";

/** Measures GET of an image's data by one curl, beside nginx with the same bytes; both read from the page cache. */
export async function measureDownload(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  const mib = transferMib(bench);
  const name = `download ${sizeName(mib)}`;
  const program = findProgram("nginx");
  if (!program) return [{ name, skipped: "nginx is not installed (apt install nginx-light)" }];
  const path = await randomFile(bench, mib);
  requireRoom(dir, mib);
  const server = await startServer(dir);
  try {
    const id = await createImage(server.url);
    await uploadFile(server.url, id, path);
    const nginx = await startNginx(program, dir, bench.files);
    try {
      const url = `${server.url}/v2/images/${id}/file`;
      const limitUrl = nginx.fileUrl(path);
      await downloadUrl(url);
      await downloadUrl(limitUrl);
      const [ours, limit] = await takeTurns(bench.rounds, [
        async () => megabytesPerSecond(mib, await downloadUrl(url)),
        async () => megabytesPerSecond(mib, await downloadUrl(limitUrl)),
      ]);
      return [{
        name,
        unit: "MB/s",
        ours: spread(ours!),
        limit: { name: "nginx, sendfile", ...spread(limit!) },
        target: { of: "ratio", op: "≥", value: 0.6 },
      }];
    } finally {
      await nginx.child.stop();
    }
  } finally {
    await server.stop();
  }
}

import type { Bench, Result } from "./harness/measure.ts";
import { measureBesideBare } from "./harness/beside_bare.ts";
import { startServerWithImages } from "./harness/filled_server.ts";

/** Measures GET /v2/images?limit=25 among 1,000 images. No target: a bare server does no comparable work. */
export async function measureList(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  const { server } = await startServerWithImages(dir, 1000);
  try {
    const figure = await measureBesideBare(bench, dir, `${server.url}/v2/images?limit=25`);
    return [{ name: "list 25 of 1,000", ...figure }];
  } finally {
    await server.stop();
  }
}

import type { Bench, Result } from "./harness/measure.ts";
import { measureBesideBare } from "./harness/beside_bare.ts";
import { startServerWithImages } from "./harness/filled_server.ts";

/** Measures GET /v2/images/{id} among 1,000 images. */
export async function measureShow(bench: Bench): Promise<Result[]> {
  const { dir } = bench;
  const { server, id } = await startServerWithImages(dir, 1000);
  try {
    const figure = await measureBesideBare(bench, dir, `${server.url}/v2/images/${id}`);
    return [{ name: "show", ...figure, target: { of: "ratio", op: "≥", value: 0.25 } }];
  } finally {
    await server.stop();
  }
}

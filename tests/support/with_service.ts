/** Runs a test against a service that has its own folder and its own process. */
import { serve, type Served } from "./served.ts";

export async function withService(
  set: Record<string, string>,
  action: (server: Served, dir: string) => Promise<void>,
  more: { openFiles?: number | string } = {},
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-wire-" });
  const server = await serve(dir, set, more);
  try {
    await action(server, dir);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
}

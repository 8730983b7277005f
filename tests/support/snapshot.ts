/** Everything that a service keeps, as one text: two equal texts mean that nothing has changed. */
import { join } from "node:path";
import type { TestService } from "./service.ts";

/** Returns every row of every table, and the name and size of every file of the stores. */
export async function snapshot(service: TestService): Promise<string> {
  const lines = await service.database.dump();
  for (const folder of ["images", "staging", "a", "b"]) lines.push(...await files(join(service.dir, folder)));
  return lines.join("\n");
}

async function files(folder: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory) found.push(...await files(path));
      else found.push(`${path} ${(await Deno.stat(path)).size}`);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.toSorted();
}

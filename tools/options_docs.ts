// Writes docs/configuration.md and docs/glance-api.conf.sample from the table of options; with --check it only
// compares them (exit code 1 when they differ).
import { optionsMarkdown, sampleConfig } from "../src/config/sample.ts";

const docs = new URL("../docs/", import.meta.url);
const files: [string, string][] = [
  ["configuration.md", optionsMarkdown()],
  ["glance-api.conf.sample", sampleConfig()],
];

for (const [name, text] of files) {
  const path = new URL(name, docs);
  if (!Deno.args.includes("--check")) {
    Deno.writeTextFileSync(path, text);
    continue;
  }
  if (current(path) !== text) {
    console.error(`docs/${name} is out of date: run tools/options_docs.ts`);
    Deno.exitCode = 1;
  }
}

function current(path: URL): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Writes openapi/openapi.json from the contract; with --check only compares them. */
import { contractDocument } from "../openapi/document.ts";
import project from "../deno.json" with { type: "json" };

const file = new URL("../openapi/openapi.json", import.meta.url);
const text = JSON.stringify(contractDocument(project.version), null, 2) + "\n";

if (Deno.args.includes("--check")) {
  const committed = await Deno.readTextFile(file).catch(() => "");
  if (committed !== text) {
    console.error("openapi/openapi.json is not what the contract says. Run: deno task openapi");
    Deno.exit(1);
  }
} else {
  await Deno.writeTextFile(file, text);
}

/** What a start prints: where it listens, where data is, and in a stand-alone start how to go on. */
import type { Config } from "../config/config.ts";
import type { Door } from "../server.ts";
import { maskUrl } from "../observe/mask.ts";
import { VERSION } from "../util/version.ts";

export interface BannerInput {
  server: Pick<Door, "hostname" | "port">;
  config: Config;
  /** How callers are told apart. */
  summary: string;
  standalone: boolean;
}

export function banner({ server, config, summary, standalone }: BannerInput): string {
  const host = server.hostname.includes(":") ? `[${server.hostname}]` : server.hostname;
  const url = `http://${host}:${server.port}`;
  const lines = [
    `oneglance ${VERSION} listens on ${url}`,
    `  database  ${maskUrl(config.get("database.connection") ?? "")}`,
    `  access    ${summary}`,
  ];
  if (!standalone) return lines.join("\n");
  lines.push(
    `  data      ${config.get("oneglance.data_dir")}`,
    "",
    "A first image, of zeros (take a disk of your own in the place of first.raw):",
    "",
    ...firstSteps(url),
  );
  return lines.join("\n");
}

/** Commands that work as they stand when they are copied: the image's id is made up here. */
function firstSteps(url: string): string[] {
  const id = crypto.randomUUID();
  return [
    "  head -c 16777216 /dev/zero > first.raw",
    `  curl -s ${url}/v2/images \\`,
    `    -d '{"id": "${id}", "name": "first", "disk_format": "raw", "container_format": "bare"}'`,
    `  curl -T first.raw -H 'Content-Type: application/octet-stream' ${url}/v2/images/${id}/file`,
    `  curl -s ${url}/v2/images/${id}`,
    "",
    "or, with python-glanceclient:",
    "",
    `  glance --os-image-url ${url} --os-auth-token none image-create --name first \\`,
    "    --disk-format raw --container-format bare --file first.raw",
    "",
    `The contract is at ${url}/openapi.json. Ctrl-C stops.`,
  ];
}

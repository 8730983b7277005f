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
    "Upload a first image:",
    "",
    ...firstSteps(url),
  );
  return lines.join("\n");
}

function firstSteps(url: string): string[] {
  return [
    `  curl -s ${url}/v2/images -d '{"name": "first", "disk_format": "raw", "container_format": "bare"}'`,
    `  curl -T FILE -H 'Content-Type: application/octet-stream' ${url}/v2/images/ID/file     (ID: the answer's "id")`,
    `  curl -s ${url}/v2/images`,
    "",
    `or:  glance --os-image-url ${url} --os-auth-token none image-create --name first \\`,
    "       --disk-format raw --container-format bare --file FILE",
    "",
    `The contract is at ${url}/openapi.json. Ctrl-C stops.`,
  ];
}

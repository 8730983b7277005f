/** What a start prints: where it listens, where data is, and in a stand-alone start how to go on. */
import type { ImageTotals } from "../../db/records.ts";
import type { Config } from "../config/config.ts";
import type { Door } from "../server.ts";
import { maskUrl } from "../observe/mask.ts";
import { BUILD_VERSION } from "../util/version.ts";

interface BannerInput {
  server: Pick<Door, "hostname" | "port">;
  config: Config;
  /** How callers are told apart. */
  summary: string;
  /** What a stand-alone start serves already; null for a configured one. */
  images: ImageTotals | null;
}

export function banner({ server, config, summary, images }: BannerInput): string {
  const host = server.hostname.includes(":") ? `[${server.hostname}]` : server.hostname;
  const url = `http://${host}:${server.port}`;
  const lines = [
    `oneglance ${BUILD_VERSION} listens on ${url}`,
    `  database  ${maskUrl(config.get("database.connection") ?? "")}`,
    `  access    ${summary}`,
  ];
  if (images === null) return lines.join("\n");
  lines.push(`  data      ${config.get("oneglance.data_dir")}`);
  if (images.count === 0) {
    lines.push("", "A first image, of zeros (take a disk of your own in the place of first.raw):", "");
    lines.push(...firstSteps(url));
  } else {
    lines.push(`  images    ${images.count}, ${inUnits(images.bytes)}`);
  }
  lines.push("", `The contract is at ${url}/openapi.json. Ctrl-C stops.`);
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
  ];
}

/** `0 bytes`, `1.5 GB`, in steps of 1000. */
function inUnits(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  const step = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(bytes || 1) / 3)));
  return step === 0 ? `${bytes} bytes` : `${(bytes / 1000 ** step).toFixed(1)} ${units[step]}`;
}

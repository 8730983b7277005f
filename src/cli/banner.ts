/** The output of a start: its address, the place of its data, and in a stand-alone start the first steps. */
import type { ImageTotals } from "../../db/records.ts";
import type { Config } from "../config/config.ts";
import type { Door } from "../server.ts";
import { maskUrl } from "../observe/mask.ts";
import { BUILD_VERSION } from "../util/version.ts";

interface BannerInput {
  server: Pick<Door, "hostname" | "port">;
  config: Config;
  /** The kind of authentication. */
  summary: string;
  /** The existing images of a stand-alone start; null for a configured one. */
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
    lines.push("", "A first image, of zeros (use a disk of your own instead of first.raw):", "");
    lines.push(...firstSteps(url));
  } else {
    lines.push(`  images    ${images.count}, ${inUnits(images.bytes)}`);
  }
  lines.push("", `The contract is at ${url}/openapi.json. Ctrl-C stops.`);
  return lines.join("\n");
}

/** Commands that work when copied unchanged: they contain the id of the new image. */
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

import { BenchTrouble } from "./measure.ts";
import { runCommand } from "./command.ts";

async function curl(expected: string, ...args: string[]): Promise<number> {
  const { stdout } = await runCommand(
    "curl",
    "-sS",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code} %{time_total}",
    ...args,
  );
  const [code, seconds] = stdout.trim().split(" ");
  if (code !== expected) throw new BenchTrouble(`curl ${args.join(" ")}: ${code} instead of ${expected}`);
  return Number(seconds);
}

/** Uploads a file as the data of an image, with its length or in chunks; gives the seconds until the answer. */
export function uploadFile(url: string, id: string, path: string, { chunked = false } = {}): Promise<number> {
  return curl(
    "204",
    "-H",
    "content-type: application/octet-stream",
    ...(chunked ? ["-H", "transfer-encoding: chunked"] : []),
    "-T",
    path,
    `${url}/v2/images/${id}/file`,
  );
}

/** Downloads to nowhere; gives the seconds. */
export function downloadUrl(url: string): Promise<number> {
  return curl("200", url);
}

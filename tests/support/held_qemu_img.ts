/** A qemu-img that stops in the middle of its work on one file; tests then kill the process that waits for it. */
import { Buffer } from "node:buffer";
import { seen } from "./crash.ts";

/**
 * Where it stops: before `info` prints anything; after `convert` wrote half of its output; after `convert` wrote all of
 * it. `broken` fails after half.
 */
export type Hold = "info" | "half" | "whole" | "broken";

/** $1 is the command; the last argument is the file that `info` reads or `convert` writes. */
const SCRIPT = `#!/bin/sh
here=$(dirname "$0")
for file; do :; done
id=$(basename "$file" .qcow2)
hold=$(cat "$here/hold.$id" 2>/dev/null)
stop() { mark; exec sleep 100; }
mark() { : > "$here/held.$id"; }
half() { head -c 1000000 /dev/urandom > "$file"; }
case "$1 $hold" in
'info info') stop ;;
'convert half') half; stop ;;
'convert whole') QEMU_IMG "$@" && stop ;;
'convert broken') half; mark; echo 'no more' >&2; exit 1 ;;
esac
exec QEMU_IMG "$@"
`;

/** Returns the path of the real qemu-img; null where it is not installed. */
export async function findQemuImg(): Promise<string | null> {
  const args = ["-c", "command -v qemu-img"];
  const { success, stdout } = await new Deno.Command("sh", { args }).output();
  return success ? new TextDecoder().decode(stdout).trim() : null;
}

/** Writes the stopping qemu-img into a folder, which must come first in the service's PATH. */
export async function makeHeldQemuImg(folder: string, real: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/qemu-img`, SCRIPT.replaceAll("QEMU_IMG", real), { mode: 0o755 });
}

/** Makes qemu-img stop at the data of an image, each time until `release`. */
export const hold = (folder: string, id: string, at: Hold) => Deno.writeTextFile(`${folder}/hold.${id}`, at);

/** Waits until qemu-img has stopped. */
export const held = (folder: string, id: string) =>
  seen(`qemu-img holds ${id}`, () => isFile(`${folder}/held.${id}`));

export const release = (folder: string, id: string) => Deno.remove(`${folder}/hold.${id}`);

/** Whether the file exists. The script writes `held.ID` when it stops or fails. */
export async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Whether the disk inside a qcow2 file has these bytes. */
export async function isDisk(real: string, path: string, bytes: Uint8Array): Promise<boolean> {
  const raw = await Deno.makeTempFile({ prefix: "oneglance-raw-" });
  try {
    const args = ["convert", "-f", "qcow2", "-O", "raw", path, raw];
    const { success } = await new Deno.Command(real, { args, stderr: "null" }).output();
    if (!success) return false;
    return Buffer.from(await Deno.readFile(raw)).equals(bytes);
  } finally {
    await Deno.remove(raw);
  }
}

/** Disks made by qemu-img, and hashes by md5sum and sha512sum: tools that are independent of our code. */
import { must } from "./processes.ts";

/** Size and hashes of a file, by tools that are not ours. */
export interface Hashes {
  size: number;
  md5: string;
  sha512: string;
}

/** Returns the size and hashes of a file. */
export async function fileHashes(path: string): Promise<Hashes> {
  const [md5, sha512, { size }] = await Promise.all([
    must("md5sum", [path]),
    must("sha512sum", [path]),
    Deno.stat(path),
  ]);
  return { size, md5: md5.split(" ")[0]!, sha512: sha512.split(" ")[0]! };
}

/** Makes a raw disk of `size` bytes by `qemu-img create`, the first `filled` of them random data; returns the path. */
export async function randomDisk(path: string, size: number, filled = size): Promise<string> {
  await must("qemu-img", ["create", "-q", "-f", "raw", path, `${size}`]);
  // The first sector stays empty: random bytes there sometimes look like another format.
  const rest = filled - 512;
  await must("dd", [
    "if=/dev/urandom",
    `of=${path}`,
    "bs=1M",
    `count=${rest}`,
    "iflag=count_bytes,fullblock",
    "oflag=seek_bytes",
    "seek=512",
    "conv=notrunc",
    "status=none",
  ]);
  return path;
}

/** Makes a qcow2 with `size` bytes of random data inside, by `qemu-img convert`; returns the path. */
export async function realQcow2(path: string, size: number): Promise<string> {
  const raw = await randomDisk(`${path}.raw`, size);
  await must("qemu-img", ["convert", "-q", "-f", "raw", "-O", "qcow2", raw, path]);
  await Deno.remove(raw);
  return path;
}

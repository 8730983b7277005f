/** A database file needs working locks and shared memory, which network file systems do not give. */
import { fail } from "../src/errors.ts";

const NETWORK = new Set([
  "nfs",
  "nfs4",
  "cifs",
  "smb3",
  "smbfs",
  "ceph",
  "glusterfs",
  "fuse.glusterfs",
  "fuse.ceph",
  "fuse.sshfs",
  "9p",
  "lustre",
  "ocfs2",
  "gfs2",
]);

/** The type of the file system that holds an absolute path, by the text of `/proc/mounts`; null when unknown. */
export function filesystemOf(path: string, mounts: string): string | null {
  let best = { point: "", type: null as string | null };
  for (const line of mounts.split("\n")) {
    const [, rawPoint, type] = line.split(" ");
    if (rawPoint === undefined || type === undefined) continue;
    const point = rawPoint.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
    const inside = point === "/" || path === point || path.startsWith(`${point}/`);
    // Of two mounts on one point the later one is seen.
    if (inside && point.length >= best.point.length) best = { point, type };
  }
  return best.type;
}

/** Errors: database, when `directory` lies on a network file system. Silent where there is no `/proc/mounts`. */
export function refuseNetworkFilesystem(directory: string): void {
  let mounts: string;
  try {
    mounts = Deno.readTextFileSync("/proc/mounts");
  } catch {
    return;
  }
  const type = filesystemOf(Deno.realPathSync(directory), mounts);
  if (type === null || !NETWORK.has(type)) return;
  fail(
    "database",
    `The directory ${directory} of the database lies on a network file system (${type}), where it would be ` +
      "damaged sooner or later. Put it on a local disk, or give --force to take the risk.",
  );
}

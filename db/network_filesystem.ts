/** A database file needs working locks and shared memory, which network file systems do not give. */
import { fail } from "../src/errors.ts";
import { mountedAt } from "../src/util/mounts.ts";

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

/** Errors: database, when `directory` lies on a network file system. Silent where there is no `/proc/mounts`. */
export function refuseNetworkFilesystem(directory: string): void {
  let mounts: string;
  try {
    mounts = Deno.readTextFileSync("/proc/mounts");
  } catch {
    return;
  }
  const type = mountedAt(Deno.realPathSync(directory), mounts)?.type;
  if (type === undefined || !NETWORK.has(type)) return;
  fail(
    "database",
    `The directory ${directory} of the database is on a network file system (${type}), where it would be ` +
      "damaged sooner or later. Put it on a local disk, or give --force to take the risk.",
  );
}

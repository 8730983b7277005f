import { createHash, randomBytes } from "node:crypto";

/**
 * Names of files being written. They stand hidden beside the final name and carry who writes them: machine, boot,
 * process namespace, process and its start, so that leftovers of a crash can be told from uploads under way also
 * when several processes, containers or machines share the directory.
 */
const PATTERN = /^\..+\.([0-9a-f]{8})-([0-9a-f]{8})-([0-9]+)-([0-9]+)-([0-9]+)\.[0-9a-f]{12}\.tmp$/;

/** Age, in ms since the last write, from which a file of an owner we cannot see is a leftover. */
const STALE = 24 * 3600 * 1000;

interface Owner {
  machine: string;
  boot: string;
  namespace: string;
  pid: string;
  /** Clock ticks from boot to the process's start: pids are used again. */
  start: string;
}

function readOr(path: string, fallback: string): string {
  try {
    return Deno.readTextFileSync(path).trim() || fallback;
  } catch {
    return fallback;
  }
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Field 22 of /proc/PID/stat, counted behind the command's name, which may hold blanks; null when there is no such process. */
function startOf(pid: string): string | null {
  const stat = readOr(`/proc/${pid}/stat`, "");
  return stat === "" ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}

let self: Owner | undefined;

function owner(): Owner {
  if (self !== undefined) return self;
  let namespace = "0";
  try {
    namespace = Deno.readLinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    // Not Linux: only the age of a file speaks then.
  }
  const pid = String(Deno.pid);
  self = {
    machine: short(`${readOr("/etc/machine-id", "")} ${Deno.hostname()}`),
    boot: short(readOr("/proc/sys/kernel/random/boot_id", "")),
    namespace,
    pid,
    start: startOf(pid) ?? "0",
  };
  return self;
}

/** A new temporary name for the data of `name`. */
export function temporaryName(name: string): string {
  const { machine, boot, namespace, pid, start } = owner();
  const random = randomBytes(6).toString("hex");
  return `.${name}.${machine}-${boot}-${namespace}-${pid}-${start}.${random}.tmp`;
}

async function abandoned(path: string, name: string): Promise<boolean> {
  const match = PATTERN.exec(name);
  if (match === null) return false;
  const [, machine, boot, namespace, pid, start] = match;
  const me = owner();
  if (machine === me.machine && boot !== me.boot) return true;
  if (machine === me.machine && namespace === me.namespace && namespace !== "0") {
    return startOf(pid!) !== start;
  }
  const { mtime } = await Deno.stat(path);
  return mtime !== null && Date.now() - mtime.getTime() > STALE;
}

/**
 * Removes files that dead processes left half-written in `datadirs` and returns their paths. A file is left alone
 * while its writer lives; one whose writer cannot be seen (another machine or container) goes a day after its
 * last write. Directories that cannot be read are passed over.
 */
export async function sweepTemporary(datadirs: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const datadir of datadirs) {
    try {
      for await (const { name, isFile } of Deno.readDir(datadir)) {
        const path = `${datadir}/${name}`;
        if (!isFile || !await abandoned(path, name).catch(() => false)) continue;
        await Deno.remove(path).then(() => removed.push(path), () => {});
      }
    } catch {
      continue;
    }
  }
  return removed;
}

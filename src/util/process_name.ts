/**
 * Names of processes that own a half-written file or a lease. A name contains machine, boot, process namespace, process
 * and its start time, which distinguishes leftovers of a crash from work in progress, also when several processes,
 * containers or machines share a directory or a database.
 */
import { createHash } from "node:crypto";

/** The format of a name, for a regular expression. */
export const PROCESS_NAME = "[0-9a-f]{8}-[0-9a-f]{8}-[0-9]+-[0-9]+-[0-9]+";

/** `unseen`: on another machine or in another container. */
type Fate = "alive" | "dead" | "unseen";

let own: string | undefined;

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

/**
 * The start time of a process, since pids are reused: field 22 of /proc/PID/stat in clock ticks from boot, counted after
 * the command's name, which may contain blanks. Null when there is no such process.
 */
function startOf(pid: string): string | null {
  const stat = readOr(`/proc/${pid}/stat`, "");
  return stat === "" ? null : stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}

function pidNamespace(): string {
  try {
    return Deno.readLinkSync("/proc/self/ns/pid").replace(/\D/g, "");
  } catch {
    // Not Linux: no other process can be seen then.
    return "0";
  }
}

/** The name of this process. */
export function processName(): string {
  const pid = String(Deno.pid);
  return own ??= [
    short(`${readOr("/etc/machine-id", "")} ${Deno.hostname()}`),
    short(readOr("/proc/sys/kernel/random/boot_id", "")),
    pidNamespace(),
    pid,
    startOf(pid) ?? "0",
  ].join("-");
}

/** The fate of the process of that name. */
export function fateOf(name: string): Fate {
  const [machine, boot, namespace, pid, start] = name.split("-");
  const [myMachine, myBoot, myNamespace] = processName().split("-");
  if (machine !== myMachine) return "unseen";
  if (boot !== myBoot) return "dead";
  if (namespace !== myNamespace || namespace === "0") return name === processName() ? "alive" : "unseen";
  return startOf(pid!) === start ? "alive" : "dead";
}

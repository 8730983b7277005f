/** Finds other processes that have a file open. */

export interface FileUser {
  pid: number;
  /** Its command line, shortened for a log line. */
  command: string;
}

const MOST = 250;

/**
 * The other processes that have the file open, as far as this user and this container can see them; none without /proc
 * or without the file.
 */
export function otherUsersOf(path: string): FileUser[] {
  const file = readOrNull(() => Deno.realPathSync(path));
  const pids = readOrNull(() => [...Deno.readDirSync("/proc")].map(({ name }) => name)) ?? [];
  if (file === null) return [];
  return pids.filter((pid) => /^\d+$/.test(pid) && Number(pid) !== Deno.pid && hasOpen(pid, file))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }));
}

/** `process 12 (oneglance serve), process 13 (…)`. */
export function describeUsers(users: readonly FileUser[]): string {
  return users.map(({ pid, command }) => `process ${pid}${command && ` (${command})`}`).join(", ");
}

function hasOpen(pid: string, file: string): boolean {
  const links = readOrNull(() => [...Deno.readDirSync(`/proc/${pid}/fd`)]) ?? [];
  return links.some(({ name }) => readOrNull(() => Deno.readLinkSync(`/proc/${pid}/fd/${name}`)) === file);
}

function commandOf(pid: string): string {
  const text = readOrNull(() => Deno.readTextFileSync(`/proc/${pid}/cmdline`)) ?? "";
  const command = text.split("\0").join(" ").trim();
  return command.length > MOST ? `${command.slice(0, MOST)}…` : command;
}

/** Null when it is not readable: the process has ended, or belongs to another user. */
function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

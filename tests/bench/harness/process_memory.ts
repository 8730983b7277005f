/** Memory of a process and all below it, from /proc (Linux). */

export interface MemorySample {
  /** Σ VmRSS now, MiB. */
  rss: number;
  /** Σ VmHWM: each process's own peak so far, MiB; with several processes an upper bound. */
  peak: number;
}

function children(pid: number): number[] {
  const found: number[] = [];
  try {
    // Each thread has its own children: a worker thread may be the one that forks.
    for (const task of Deno.readDirSync(`/proc/${pid}/task`)) {
      const list = Deno.readTextFileSync(`/proc/${pid}/task/${task.name}/children`);
      found.push(...list.split(" ").filter((word) => word !== "").map(Number));
    }
  } catch (error) {
    // The process or thread ended while we looked.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

/** The process and all below it. */
export function processTree(pid: number): number[] {
  return [pid, ...children(pid).flatMap(processTree)];
}

function field(status: string, name: string): number {
  return Number(status.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1] ?? 0) / 1024;
}

/** Reads the tree of `pid` once. */
export function readMemory(pid: number): MemorySample {
  const sample = { rss: 0, peak: 0 };
  for (const member of processTree(pid)) {
    try {
      const status = Deno.readTextFileSync(`/proc/${member}/status`);
      sample.rss += field(status, "VmRSS");
      sample.peak += field(status, "VmHWM");
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return sample;
}

/** Reads VmRSS every `everyMs` while `work` runs; gives the samples and the last reading of the peak. */
export async function watchMemory(
  pid: number,
  work: () => Promise<unknown>,
  everyMs = 100,
): Promise<{ rss: number[]; peak: number }> {
  const rss = [readMemory(pid).rss];
  const timer = setInterval(() => rss.push(readMemory(pid).rss), everyMs);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return { rss, peak: readMemory(pid).peak };
}

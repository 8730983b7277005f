/** How many files, connections among them, this process may have open (getrlimit(2)). */

const RLIMIT_NOFILE = 7;

/** The limit that holds, and why it could not be raised, where it could not. */
export interface OpenFiles {
  /** Infinity where the system sets none, or does not say. */
  limit: number;
  problem: string | null;
}

/**
 * Raises the soft limit to the hard one, as the system lets every process do. The runtime has no call for it, so the
 * C library is asked; where that cannot be had, the limit stays.
 */
export function raiseOpenFiles(): OpenFiles {
  let problem: string | null = null;
  try {
    const library = Deno.dlopen("libc.so.6", {
      getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
      setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
    });
    try {
      // Soft and hard.
      const limits = new BigUint64Array(2);
      const { getrlimit, setrlimit } = library.symbols;
      if (getrlimit(RLIMIT_NOFILE, limits) !== 0) throw new Error("getrlimit failed");
      if (limits[0]! < limits[1]!) {
        limits[0] = limits[1]!;
        if (setrlimit(RLIMIT_NOFILE, limits) !== 0) throw new Error("setrlimit failed");
      }
    } finally {
      library.close();
    }
  } catch (error) {
    problem = (error as Error).message;
  }
  return { limit: softLimit(), problem };
}

/** The number of files that are open now; 0 where the system does not say. */
export function countOpenFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}

function softLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"));
    return found ? Number(found[1]) : Infinity;
  } catch {
    return Infinity;
  }
}

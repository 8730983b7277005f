/** The limit of open files, including connections, of this process (getrlimit(2)). */

const RLIMIT_NOFILE = 7;

/** The limit in effect, and the error when it could not be raised. */
export interface OpenFiles {
  /** Infinity without a limit, or when it is unknown. */
  limit: number;
  problem: string | null;
}

/**
 * Raises the soft limit to the hard one, which every process may do. The runtime has no call for it, so this calls the
 * C library; without one the limit stays.
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

/** The number of open files; 0 when unknown. */
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

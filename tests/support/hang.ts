/** A file system that hangs: calls on paths below a folder wait until the test releases them. */

type Look = typeof Deno.lstat;

interface Hang extends Disposable {
  /** Completes the waiting calls; later calls do not hang. */
  release(): Promise<void>;
}

const NAMES = ["lstat", "stat", "remove"] as const;

/** Makes `Deno.lstat`, `stat` or `remove` hang below `folder` until the test releases or disposes of it. */
export function hang(folder: string, names: readonly (typeof NAMES)[number][] = NAMES): Hang {
  const runtime = Deno as unknown as Record<string, Look>;
  const real = names.map((name) => [name, runtime[name]!] as const);
  const { promise: released, resolve } = Promise.withResolvers<void>();
  const waiting: Promise<unknown>[] = [];
  for (const [name, action] of real) {
    runtime[name] = (path) => {
      if (!String(path).startsWith(`${folder}/`)) return action(path);
      const late = released.then(() => action(path));
      waiting.push(late.catch(() => {}));
      return late;
    };
  }
  const restore = () => {
    for (const [name, action] of real) runtime[name] = action;
  };
  return {
    async release() {
      restore();
      resolve();
      await Promise.all(waiting);
    },
    [Symbol.dispose]: restore,
  };
}

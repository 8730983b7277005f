/**
 * Runs before main.ts in the executable: the runtime unpacks the native engine of the database into TMPDIR and loads
 * it from there before any line of main.ts runs, so that only this module can say what is wrong when that fails.
 */

/**
 * What to tell of an error of loading the engine, and the exit code: 5, as for every configuration error, when another
 * TMPDIR helps. Null when the error is another one.
 */
export function engineFailure(reason: unknown): { text: string; code: number } | null {
  const message = reason instanceof Error ? reason.message : "";
  // Either `Failed to write native addon … to '/folder/name.node' …`, or the words of dlopen: `/folder/name.node: …`.
  const written = /^Failed to write native addon .*? to '(\/.*)\/[^/]+\.node'/.exec(message);
  const loaded = /^(\/.*)\/[^/]+\.node: (.*)/.exec(message);
  const folder = written?.[1] ?? loaded?.[1];
  if (folder === undefined) return null;
  // What the kernel says of a file on a file system that is mounted noexec.
  if (!written && !/failed to map segment/.test(message)) {
    return { text: `ERROR: The database engine cannot be loaded: ${message}`, code: 1 };
  }
  const what = written ? "cannot be unpacked into" : "must not be executed in";
  return {
    text:
      `ERROR: The database engine ${what} ${folder}. Set TMPDIR to a directory that is writable, has 10 MB ` +
      "left, and is not mounted noexec.",
    code: 5,
  };
}

globalThis.addEventListener("unhandledrejection", ({ reason }) => {
  const failure = engineFailure(reason);
  if (!failure) return;
  console.error(failure.text);
  Deno.exit(failure.code);
});

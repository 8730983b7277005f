/** Runs the program as a process of its own, stand-alone on a free port of loopback, for faults of a whole process. */
import { randomBytes } from "node:crypto";
import { oneglance } from "../compat/support/oneglance.ts";
import { connectionOf } from "./test_database.ts";

export interface Served {
  /** For example `http://127.0.0.1:40123`. */
  url: string;
  port: number;
  child: Deno.ChildProcess;
  /** What the program wrote so far. */
  log(): string;
  /** Resolves to the exit code (128 or more after a signal) when the process has ended and its output is read. */
  ended: Promise<number>;
  /** Kills the process at once (SIGKILL). */
  crash(): Promise<void>;
}

/**
 * Starts the program on a data directory; `set` holds options as `OS_GROUP__OPTION`; `port` 0 means any free port;
 * `openFiles` limits how many files the process may have open.
 */
export async function serve(
  dataDir: string,
  set: Record<string, string> = {},
  { port = 0, openFiles }: { port?: number; openFiles?: number | string } = {},
): Promise<Served> {
  const { name, args } = oneglance([
    "serve",
    "--standalone",
    "--data-dir",
    dataDir,
    "--bind-port",
    String(port),
  ]);
  // The shell's limit applies to the program alone.
  const limited = openFiles === undefined ? { name, args } : {
    name: "sh",
    args: ["-c", `ulimit -n ${openFiles} && exec "$0" "$@"`, name, ...args],
  };
  const connection = set.OS_DATABASE__CONNECTION ?? await connectionOf(dataDir);
  const child = new Deno.Command(limited.name, {
    args: limited.args,
    env: { NO_COLOR: "1", ...set, ...(connection ? { OS_DATABASE__CONNECTION: connection } : {}) },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  const [out, err] = [child.stdout, child.stderr].map((stream) =>
    stream.pipeThrough(new TextDecoderStream())
  );
  const reading = err!.pipeTo(new WritableStream({ write: (text) => void (said += text) }));
  const { promise: listening, resolve } = Promise.withResolvers<string | null>();
  const saying = out!.pipeTo(
    new WritableStream({
      write(text) {
        said += text;
        const url = /listens on (http:\/\/\S+)\n/.exec(said)?.[1];
        if (url) resolve(url);
      },
      close: () => resolve(null),
    }),
  );
  const ended = Promise.all([child.status, reading, saying]).then(([{ code }]) => code);
  const url = await listening;
  if (url === null) throw new Error(`the service did not start (${await ended}): ${said}`);
  return {
    url,
    port: Number(new URL(url).port),
    child,
    log: () => said,
    ended,
    async crash() {
      try {
        child.kill("SIGKILL");
      } catch {
        // The process has ended by itself.
      }
      await ended;
    },
  };
}

/** Creates a raw image in a bare container and returns its id. */
export async function newImage(url: string, more: Record<string, unknown> = {}): Promise<string> {
  const response = await fetch(`${url}/v2/images`, {
    method: "POST",
    body: JSON.stringify({ disk_format: "raw", container_format: "bare", ...more }),
  });
  if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
  return (await response.json()).id;
}

/** Returns the image as the API shows it. */
export async function show(url: string, id: string): Promise<Record<string, unknown>> {
  return await (await fetch(`${url}/v2/images/${id}`)).json();
}

/** Waits until `done` returns true; throws after `seconds`. */
export async function until(
  what: string,
  done: () => Promise<boolean> | boolean,
  seconds = 20,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!await done()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Returns the sorted names of the files in a directory, hidden ones too; none when the directory does not exist. */
export function filesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Random bytes that no format matches. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(randomBytes(length));
  bytes.fill(0, 0, Math.min(512, length));
  return bytes;
}

/** The program as its own process, stand-alone on a free port of loopback, for faults that only a process can have. */
import { randomBytes } from "node:crypto";
import { oneglance } from "../compat/support/oneglance.ts";

export interface Served {
  /** For example `http://127.0.0.1:40123`. */
  url: string;
  port: number;
  child: Deno.ChildProcess;
  /** What it wrote so far. */
  log(): string;
  /** Resolves to its exit code (with a signal: 128 and more) when it has ended and all it wrote was read. */
  ended: Promise<number>;
  /** Ends it at once, as a loss of power to the process would. */
  crash(): Promise<void>;
}

/**
 * Starts it on a data directory; `set` gives options as `OS_GROUP__OPTION`; `port` 0 means any that is free;
 * `openFiles` is how many files it may have open.
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
  // The shell's limit holds for the program alone.
  const limited = openFiles === undefined ? { name, args } : {
    name: "sh",
    args: ["-c", `ulimit -n ${openFiles} && exec "$0" "$@"`, name, ...args],
  };
  const child = new Deno.Command(limited.name, {
    args: limited.args,
    env: { NO_COLOR: "1", ...set },
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
        // It has ended by itself.
      }
      await ended;
    },
  };
}

/** Makes a raw image in bare container and gives its id. */
export async function newImage(url: string, more: Record<string, unknown> = {}): Promise<string> {
  const response = await fetch(`${url}/v2/images`, {
    method: "POST",
    body: JSON.stringify({ disk_format: "raw", container_format: "bare", ...more }),
  });
  if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
  return (await response.json()).id;
}

/** The image as the API shows it. */
export async function show(url: string, id: string): Promise<Record<string, unknown>> {
  return await (await fetch(`${url}/v2/images/${id}`)).json();
}

/** Waits until `done` says so; throws after `seconds`. */
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

/** Names of the files in a directory, hidden ones too, sorted; none when there is no directory. */
export function filesIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Bytes that look like no format. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(randomBytes(length));
  bytes.fill(0, 0, Math.min(512, length));
  return bytes;
}

/**
 * The limit of a request: a Deno.serve in its own process that sends one prepared response to every request. Run it as
 * a program: `bare_server.ts ANSWER.json PORT`.
 */
import { Child, freePort } from "../harness/child.ts";

export interface Answer {
  status: number;
  headers: [string, string][];
  body: string;
}

export interface BareServer {
  url: string;
  child: Child;
  /** Milliseconds from the start of the process to the first 200. */
  startMs: number;
}

/** Headers that the runtime itself adds to each response. */
const OWN_HEADERS = new Set(["content-length", "date", "connection", "transfer-encoding", "vary"]);

/** Returns the current response of `url`, byte for byte. */
export async function takeAnswer(url: string): Promise<Answer> {
  const response = await fetch(url);
  return {
    status: response.status,
    body: await response.text(),
    headers: [...response.headers].filter(([name]) => !OWN_HEADERS.has(name)),
  };
}

/** Starts a bare server with its files in `dir`. Throws BenchTrouble when it does not respond. */
export async function startBareServer(dir: string, answer: Answer): Promise<BareServer> {
  const port = freePort();
  const path = `${dir}/answer.json`;
  await Deno.writeTextFile(path, JSON.stringify(answer));
  const program = new URL(import.meta.url).pathname;
  const from = performance.now();
  const child = new Child(
    `${dir}/bare_server.log`,
    [Deno.execPath(), "run", "-A", "--no-check", program, path, String(port)],
  );
  const url = `http://127.0.0.1:${port}/`;
  try {
    return { url, child, startMs: await child.untilAnswer(url, from) };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

if (import.meta.main) {
  const [path, port] = Deno.args;
  const { status, headers, body }: Answer = JSON.parse(Deno.readTextFileSync(path!));
  Deno.serve({ hostname: "127.0.0.1", port: Number(port) }, () => new Response(body, { status, headers }));
}

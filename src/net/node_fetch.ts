/**
 * A fetch over node:https, for two things that `fetch` cannot do: skip certificate checks, and connect to a given
 * address while sending the name in the TLS handshake.
 */
import type * as http from "node:http";
import * as https from "node:https";
import type { IncomingMessage } from "node:http";
import { Agent } from "node:https";
import { connect, isIP, type Socket } from "node:net";
import { Duplex, Readable } from "node:stream";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/**
 * Whether the runtime's node:https supports this: Deno 2.4 ignores the agent's connection and the CA, and crashes when
 * a server cuts a response.
 */
export const CAN_NODE = Number(/^2\.(\d+)/.exec(Deno.version.deno)?.[1] ?? 9) >= 9;

/** PEM texts of one use, and whether certificates go unchecked. */
export interface Tls {
  ca: string | null;
  cert: string | null;
  key: string | null;
  insecure: boolean;
}

/**
 * Sends one request to an https URL, on a connection of its own.
 * @param address IP address to connect to
 * @throws the runtime's errors, and the reason of `init.signal`
 */
export async function nodeFetch(
  url: URL,
  init: RequestInit,
  address: string,
  tls: Tls,
): Promise<Response> {
  init.signal?.throwIfAborted();
  const body = init.body instanceof ReadableStream ? init.body : await bodyBytes(url, init);
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const headers = Object.fromEntries(new Headers(init.headers));
  headers.host = url.host;
  if (body instanceof Uint8Array) headers["content-length"] = String(body.length);
  const options: https.RequestOptions = {
    method: init.method ?? "GET",
    host: address,
    port: url.port || 443,
    path: url.pathname + url.search,
    headers,
  };
  const secure = secureOptions(name, tls);
  const agent = new PacedAgent({ ...secure, host: name });
  return await exchange({ ...options, ...secure, agent }, body, init.signal ?? null, agent);
}

function secureOptions(name: string, tls: Tls) {
  return {
    ...(isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: !tls.insecure,
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key }),
  };
}

async function bodyBytes(url: URL, init: RequestInit): Promise<Uint8Array | null> {
  if (init.body === null || init.body === undefined) return null;
  return new Uint8Array(await new Request(url, { method: "POST", body: init.body }).arrayBuffer());
}

function exchange(
  options: https.RequestOptions,
  body: ReadableStream | Uint8Array | null,
  signal: AbortSignal | null,
  agent: PacedAgent,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    let answer: http.IncomingMessage | null = null;
    const request = https.request(options, (message: http.IncomingMessage) => {
      answer = message;
      agent.pace(message);
      message.on("error", () => {}); // The body's reader gets the error; unhandled, it would end the process.
      message.once("close", () => signal?.removeEventListener("abort", stop));
      resolve(toResponse(message, options, () => agent.taken()));
    });
    const stop = () => {
      reject(signal!.reason);
      answer?.destroy(signal!.reason);
      request.destroy(signal!.reason);
    };
    request.on("error", (error: Error) => {
      if (answer === null) signal?.removeEventListener("abort", stop);
      reject(error);
    });
    signal?.addEventListener("abort", stop, { once: true });
    if (body instanceof ReadableStream) {
      Readable.fromWeb(body as never).on("error", (error) => request.destroy(error)).pipe(request);
    } else {
      request.end(body ?? undefined);
    }
  });
}

function toResponse(
  message: http.IncomingMessage,
  options: https.RequestOptions,
  taken: () => void,
): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at]!, message.rawHeaders[at + 1]!);
  }
  const status = message.statusCode ?? 502;
  if ([204, 205, 304].includes(status) || options.method === "HEAD") {
    message.resume();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(message, taken), { status, headers });
}

/** The body as a stream, which fails if it ends before its Content-Length, also where the runtime does not notice. */
function bodyOf(message: http.IncomingMessage, taken: () => void): ReadableStream<Uint8Array> {
  const chunks = message[Symbol.asyncIterator]();
  let missing = Number(message.headers["content-length"] ?? NaN);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      taken();
      if (!done) {
        missing -= value.length;
        return controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      }
      if (missing > 0) throw new TypeError("connection closed before the body was complete");
      controller.close();
    },
    cancel(reason) {
      message.destroy(reason instanceof Error ? reason : undefined);
    },
  }, { highWaterMark: 0 });
}

/** Bytes of a response that may wait to be read. */
const MAX_WAITING = 1 << 20;

/** Creates the connection of one request. */
class PacedAgent extends Agent {
  readonly #tls: ConnectionOptions;
  #network: Socket | null = null;
  #answer: IncomingMessage | null = null;

  /** @param tls options of `tls.connect` */
  constructor(tls: ConnectionOptions) {
    super();
    this.#tls = tls;
  }

  /** Called by node:https. */
  override createConnection({ host, port }: { host?: string; port?: number | string }): Duplex {
    const network = connect({ host: host!, port: Number(port) });
    this.#network = network;
    const encrypted = new Duplex({
      read: () => this.taken(),
      write: (chunk, _encoding, done) => void network.write(chunk, done),
      final: (done) => void network.end(done),
      destroy: (error, done) => {
        network.destroy();
        done(error);
      },
    });
    network.on("data", (chunk) => {
      encrypted.push(chunk);
      // The data counts in the response only once it is decrypted.
      network.pause();
      setImmediate(() => this.taken());
    });
    network.once("end", () => encrypted.push(null));
    const secure = connectTls({ ...this.#tls, socket: encrypted });
    network.once("error", (error) => secure.destroy(error));
    secure.once("close", () => network.destroy());
    return secure;
  }

  /** Pauses the network while too much of this response waits to be read. */
  pace(answer: IncomingMessage): void {
    this.#answer = answer;
  }

  /** Called when some of the response was read: resumes the network. */
  taken(): void {
    if (!this.#isFull()) this.#network?.resume();
  }

  #isFull(): boolean {
    const answer = this.#answer;
    if (answer === null) return false;
    return answer.readableLength >= answer.readableHighWaterMark ||
      (answer.socket?.readableLength ?? 0) > MAX_WAITING;
  }
}

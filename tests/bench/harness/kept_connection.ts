import { BenchTrouble } from "./measure.ts";

const decoder = new TextDecoder();

/** The bytes of a request: a GET, or a POST of JSON. */
export function requestBytes(url: string, json?: string): Uint8Array<ArrayBuffer> {
  const { host, pathname, search } = new URL(url);
  const encoder = new TextEncoder();
  if (json === undefined) return encoder.encode(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  const length = encoder.encode(json).length;
  return encoder.encode(
    `POST ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${length}\r\n\r\n${json}`,
  );
}

/** A kept-alive HTTP/1.1 connection: fetch() is slower than the servers it would measure. */
export class KeptConnection implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(256 * 1024);
  readonly #url: string;

  private constructor(url: string, connection: Deno.TcpConn) {
    this.#url = url;
    this.#connection = connection;
    connection.setNoDelay(true);
  }

  static async open(url: string): Promise<KeptConnection> {
    const { hostname, port } = new URL(url);
    return new KeptConnection(url, await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Milliseconds from sending the request to the last byte of its answer; throws BenchTrouble unless it is 2xx. */
  async ask(request: Uint8Array): Promise<number> {
    const from = performance.now();
    for (let sent = 0; sent < request.length;) sent += await this.#connection.write(request.subarray(sent));
    await this.#readAnswer();
    return performance.now() - from;
  }

  async #readAnswer(): Promise<void> {
    let have = 0;
    // Bytes of the whole answer, once its head has come; Infinity while it comes in chunks.
    let whole: number | undefined;
    while (whole === undefined || have < whole) {
      have += await this.#readMore(have);
      const text = () => decoder.decode(this.#buffer.subarray(0, have));
      whole ??= this.#wholeLength(text());
      if (whole === Infinity && text().endsWith("\r\n0\r\n\r\n")) return;
    }
  }

  async #readMore(have: number): Promise<number> {
    const room = this.#buffer.subarray(have);
    if (room.length === 0) throw new BenchTrouble(`${this.#url}: an answer larger than ${have} bytes`);
    const read = await this.#connection.read(room);
    if (read === null) throw new BenchTrouble(`${this.#url}: the server closed the connection`);
    return read;
  }

  #wholeLength(text: string): number | undefined {
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    if (!/^HTTP\/1\.1 2\d\d/.test(text)) throw new BenchTrouble(`${this.#url}: ${text.slice(0, 500)}`);
    const length = text.slice(0, end).match(/\r\ncontent-length: *(\d+)/i);
    // A head is ASCII: its characters are bytes.
    return length ? end + 4 + Number(length[1]) : Infinity;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** A small HTTP/1.1 client on raw connections: fetch() is slower than the servers it would measure. */
import type { Load, LoadResult } from "./load.ts";
import { BenchTrouble } from "./measure.ts";

const decoder = new TextDecoder();

/** Asks over `connections` kept-alive connections, one request after the other on each, until the time is up. */
export async function ownLoad(load: Load): Promise<LoadResult> {
  const request = new TextEncoder().encode(requestText(load));
  const latencies: number[] = [];
  const from = performance.now();
  const until = from + load.seconds * 1000;
  await Promise.all(
    Array.from({ length: load.connections }, () => askUntil(load.url, request, until, latencies)),
  );
  const seconds = (performance.now() - from) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)]!;
  return { requestsPerSecond: latencies.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function requestText(load: Load): string {
  const { host, pathname, search } = new URL(load.url);
  if (load.json === undefined) return `GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const length = new TextEncoder().encode(load.json).length;
  return `POST ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${length}\r\n\r\n${load.json}`;
}

async function askUntil(url: string, request: Uint8Array, until: number, latencies: number[]): Promise<void> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  connection.setNoDelay(true);
  const buffer = new Uint8Array(256 * 1024);
  while (performance.now() < until) {
    const from = performance.now();
    for (let sent = 0; sent < request.length;) sent += await connection.write(request.subarray(sent));
    await readAnswer(url, connection, buffer);
    latencies.push(performance.now() - from);
  }
}

async function readAnswer(url: string, connection: Deno.Conn, buffer: Uint8Array): Promise<void> {
  let have = 0;
  let whole = Infinity;
  let chunked = false;
  while (have < whole) {
    if (have === buffer.length) {
      throw new BenchTrouble(`${url}: an answer larger than ${buffer.length} bytes`);
    }
    const read = await connection.read(buffer.subarray(have));
    if (read === null) throw new BenchTrouble(`${url}: the server closed the connection`);
    have += read;
    if (whole === Infinity && !chunked) {
      const text = decoder.decode(buffer.subarray(0, have));
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) continue;
      if (!/^HTTP\/1\.1 2\d\d/.test(text)) throw new BenchTrouble(`${url}: ${text.slice(0, 500)}`);
      const length = text.slice(0, end).match(/\r\ncontent-length: *(\d+)/i);
      // Headers are ASCII, so characters are bytes here.
      if (length) whole = end + 4 + Number(length[1]);
      chunked = !length;
    }
    if (chunked && decoder.decode(buffer.subarray(Math.max(0, have - 5), have)) === "0\r\n\r\n") return;
  }
}

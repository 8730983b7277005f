import { KeptConnection, requestBytes } from "./kept_connection.ts";
import type { Load, LoadResult } from "./load.ts";

/** Asks over `connections` kept-alive connections, one request after the other on each, until the time is up. */
export async function ownLoad({ url, json, connections, seconds }: Load): Promise<LoadResult> {
  const request = requestBytes(url, json);
  const latencies: number[] = [];
  const from = performance.now();
  const askOn = async () => {
    using connection = await KeptConnection.open(url);
    while (performance.now() - from < seconds * 1000) latencies.push(await connection.ask(request));
  };
  await Promise.all(Array.from({ length: connections }, askOn));
  const took = (performance.now() - from) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.floor((latencies.length - 1) * part)]!;
  return { requestsPerSecond: latencies.length / took, p50Ms: at(0.5), p99Ms: at(0.99) };
}

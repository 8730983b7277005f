/** Limits connections and requests per address. */
import { Refused } from "./head.ts";

interface PeerBounds {
  /** Connections at a time; 0 = no limit. */
  connectionsOfPeer: number;
  /** Requests per second, averaged over some seconds; 0 = no limit. */
  requestsOfPeer: number;
}

/** The requests of this many seconds may come at once. */
const BURST = 5;

/** Addresses remembered; one more resets all counts. */
const REMEMBERED = 100_000;

/** The requests that an address had left at a time. */
interface Bucket {
  left: number;
  at: number;
}

/** Makes the counters of one listener. */
export function makePeers({ connectionsOfPeer, requestsOfPeer }: PeerBounds) {
  const connections = new Map<string, number>();
  const buckets = new Map<string, Bucket>();
  const most = Math.max(1, requestsOfPeer * BURST);
  const leftOf = (bucket: Bucket, now: number) =>
    Math.min(most, bucket.left + (now - bucket.at) / 1000 * requestsOfPeer);
  return {
    /** Counts a connection; returns false if the address has too many. */
    enter(peer: string): boolean {
      const count = connections.get(peer) ?? 0;
      if (connectionsOfPeer > 0 && count >= connectionsOfPeer) return false;
      connections.set(peer, count + 1);
      return true;
    },
    leave(peer: string): void {
      const count = connections.get(peer)! - 1;
      if (count > 0) connections.set(peer, count);
      else connections.delete(peer);
    },
    /** Counts a request. Errors: Refused, if the address has used up its share. */
    admit(peer: string): void {
      if (requestsOfPeer === 0) return;
      const now = performance.now();
      const bucket = buckets.get(peer);
      const left = bucket ? leftOf(bucket, now) : most;
      if (left < 1) throw new Refused(429, "There are too many requests from this address.");
      if (!bucket && buckets.size >= REMEMBERED) buckets.clear();
      buckets.set(peer, { left: left - 1, at: now });
    },
    /** Forgets the addresses that have their full share again. */
    sweep(): void {
      const now = performance.now();
      for (const [peer, bucket] of buckets) if (leftOf(bucket, now) >= most) buckets.delete(peer);
    },
  };
}

/** Accepts connections within their limits, and recovers when the system has no more file descriptors (docs/limits.md). */
import { Connection, type Handler, type Limits } from "./connection.ts";
import { Refused } from "./head.ts";
import { makePeers } from "./peers.ts";

/** How often deadlines are checked, in ms. */
const SWEEP = 200;

/** How long a connection must have waited for a request before it may be closed for another one, in ms. */
const YOUNG = 250;

/** How long a peer must have read nothing before its connection may be closed for another one, in ms. */
const STUCK = 30_000;

/** Between two attempts to accept, in ms. */
const PAUSE = 50;

/** Connections closed at once when the system has no file descriptor for another. */
const GIVEN_UP = 16;

export interface ListenOptions {
  hostname: string;
  port: number;
  limits: Limits;
  /** Connections at a time. */
  connections: number;
  /** Connections at a time per address; 0 = no limit. */
  connectionsOfPeer: number;
  /** Requests per second and address; 0 = no limit. */
  requestsOfPeer: number;
  handler: Handler;
  refuse: (refused: Refused, peer: string) => Response;
  /** Called for each connection that has to wait because all are busy. */
  onFull: () => void;
  /** Called each time the system has no file descriptor for another connection. */
  onExhausted: (error: Error) => void;
}

interface Listener {
  addr: Deno.NetAddr;
  /** Stops accepting; closes idle connections now, the others after their response, or after `ms`. */
  close(ms: number): Promise<void>;
}

/** Errors: those of the operating system, if the address is unavailable. */
export function listen(options: ListenOptions): Listener {
  const { hostname, port, limits, handler, refuse } = options;
  const listener = Deno.listen({ hostname, port });
  const open = new Set<Connection>();
  // In order of waiting, the longest first.
  const waiting = new Set<Connection>();
  const sending = new Set<Connection>();
  const peers = makePeers(options);
  const sets = { request: waiting, peer: sending };
  let closing = false;
  let changed: (() => void) | undefined;

  const host = {
    limits,
    handler,
    refuse,
    admit: peers.admit,
    waits(connection: Connection, what: "request" | "peer" | null) {
      waiting.delete(connection);
      sending.delete(connection);
      if (what === null) return;
      connection.since = performance.now();
      sets[what].add(connection);
    },
  };

  const sweep = setInterval(() => {
    const now = performance.now();
    for (const connection of open) if (connection.deadline <= now) connection.expire();
    peers.sweep();
  }, SWEEP);

  function start(conn: Deno.TcpConn): void {
    const connection = new Connection(conn, host);
    if (!peers.enter(connection.peer)) {
      void connection.turnAway(new Refused(503, "There are too many connections from this address."));
      return;
    }
    open.add(connection);
    void connection.serve().then(() => {
      open.delete(connection);
      peers.leave(connection.peer);
      changed?.();
    });
  }

  /** Closes the connection that has waited longest; returns false if none has waited long enough. */
  function giveUpOne(): boolean {
    const now = performance.now();
    for (const [set, age] of [[waiting, YOUNG], [sending, STUCK]] as const) {
      const [oldest] = set;
      if (oldest && now - oldest.since >= age) {
        oldest.close();
        return true;
      }
    }
    return false;
  }

  async function room(): Promise<void> {
    while (open.size >= options.connections && !closing) {
      if (!giveUpOne() && waiting.size === 0) options.onFull();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PAUSE);
        changed = () => (clearTimeout(timer), resolve());
      });
      changed = undefined;
    }
  }

  async function take(): Promise<void> {
    while (!closing) {
      try {
        const conn = await listener.accept();
        // Accept first, so that no connection is closed before another needs its place.
        await room();
        if (closing) conn.close();
        else start(conn);
      } catch (error) {
        if (closing) return;
        // The peer has already left; no need to pause.
        if (hasLeft(error)) continue;
        options.onExhausted(error as Error);
        for (let count = 0; count < GIVEN_UP && giveUpOne(); count++);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }
  const taking = take();

  async function close(ms: number): Promise<void> {
    closing = true;
    listener.close();
    changed?.();
    for (const connection of waiting) connection.close();
    for (const connection of open) connection.finish();
    const end = setTimeout(() => {
      for (const connection of open) connection.close();
    }, ms);
    await taking;
    while (open.size > 0) await new Promise<void>((resolve) => changed = resolve);
    clearTimeout(end);
    clearInterval(sweep);
  }
  let closed: Promise<void> | undefined;

  return { addr: listener.addr as Deno.NetAddr, close: (ms) => closed ??= close(ms) };
}

/** Whether only this connection failed: Deno reports one that its peer reset before `accept` as NotConnected. */
function hasLeft(error: unknown): boolean {
  const { ConnectionAborted, ConnectionReset, NotConnected } = Deno.errors;
  return [ConnectionAborted, ConnectionReset, NotConnected].some((kind) => error instanceof kind);
}

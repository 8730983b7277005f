/** Takes connections: how many, from whom, and what happens when the system has no more files (docs/limits.md). */
import { Connection, type Handler, type Limits } from "./connection.ts";
import { Refused } from "./head.ts";
import { makePeers } from "./peers.ts";

/** How often deadlines are looked at, in ms. */
const SWEEP = 200;

/** How long a connection has waited for a request before it is given up for another one, in ms. */
const YOUNG = 250;

/** How long a peer has taken nothing of an answer before its connection is given up for another one, in ms. */
const STUCK = 30_000;

/** Between two attempts when no connection can be taken, in ms. */
const PAUSE = 50;

/** Connections given up at once when the system has no file for another. */
const GIVEN_UP = 16;

export interface ListenOptions {
  hostname: string;
  port: number;
  limits: Limits;
  /** Connections at a time. */
  connections: number;
  /** Connections at a time of one address; 0 = no bound. */
  connectionsOfPeer: number;
  /** Requests a second of one address; 0 = no bound. */
  requestsOfPeer: number;
  handler: Handler;
  refuse: (refused: Refused, peer: string) => Response;
  /** All connections are in use and none of them waits; called for each that has to wait. */
  onFull: () => void;
  /** The system has no file for another connection; called for each attempt. */
  onExhausted: (error: Error) => void;
}

export interface Listener {
  addr: Deno.NetAddr;
  /** Takes no more connections, ends those that wait, the others after their answer, and at once after `ms`. */
  close(ms: number): Promise<void>;
}

/** Errors: those of the operating system, when the address cannot be had. */
export function listen(options: ListenOptions): Listener {
  const { hostname, port, limits, handler, refuse } = options;
  const listener = Deno.listen({ hostname, port });
  const open = new Set<Connection>();
  // The one that waits longest comes first.
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

  /** Gives up the connection that has waited longest; false when none has waited for long. */
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
        // Taken first: nobody is given up before somebody needs the room.
        await room();
        if (closing) conn.close();
        else start(conn);
      } catch (error) {
        if (closing) return;
        // A peer that has left again is no reason to wait.
        if (error instanceof Deno.errors.ConnectionAborted) continue;
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

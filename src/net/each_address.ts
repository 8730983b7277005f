/** Tries the addresses of a host in turn, until one accepts a connection. */

/** Error codes and texts of node's sockets and of `fetch` for connections that were not established. */
const UNCONNECTED =
  /\b(ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)\b|tcp connect error/;

/** Milliseconds for an address to accept a connection while there are others to try. */
const PROBE_MS = 3000;

/** Where to connect. `again` false: the body can be sent only once. */
interface Addresses {
  addresses: readonly string[];
  port: number;
  again: boolean;
}

/**
 * Calls `ask` with one address after the other until one is connected. An address that drops packets never fails, so
 * each but the last is probed first.
 * @throws what `ask` throws for the last address, or for one that was connected; the reason of `signal`
 */
export async function eachAddress<T>(
  { addresses, port, again }: Addresses,
  signal: AbortSignal,
  ask: (address: string) => Promise<T>,
): Promise<T> {
  for (const [at, address] of addresses.entries()) {
    const last = at === addresses.length - 1;
    if (!last && !await takesConnection(address, port)) {
      signal.throwIfAborted();
      continue;
    }
    try {
      return await ask(address);
    } catch (error) {
      if (last || !again || !isUnconnected(error)) throw error;
    }
  }
  throw new TypeError("no address to connect to");
}

/** Whether an error, or its cause, means that no connection was established. */
export function isUnconnected(error: unknown): boolean {
  const { code, message, cause } = error as Error & { code?: string };
  return UNCONNECTED.test(`${code} ${message} ${cause}`);
}

async function takesConnection(hostname: string, port: number): Promise<boolean> {
  let late = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connecting = Deno.connect({ hostname, port }).then((connection) => {
    connection.close();
    return !late;
  }, () => false);
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      late = true;
      resolve(false);
    }, PROBE_MS);
  });
  try {
    return await Promise.race([connecting, limit]);
  } finally {
    clearTimeout(timer);
  }
}

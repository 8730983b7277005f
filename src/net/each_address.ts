/** A host with several addresses: the next one where one takes no connection. */

/** Codes and words of errors of connections that never stood, of node's sockets and of `fetch`. */
const UNCONNECTED =
  /\b(ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)\b|tcp connect error/;

/** Milliseconds for an address to take a connection while there are others. */
const PATIENCE = 3000;

/** Where to ask. `again` false: what is sent can be sent only once. */
export interface Addresses {
  addresses: readonly string[];
  port: number;
  again: boolean;
}

/**
 * Asks at one address after the other until a connection stands. One that lets its packets fall says nothing, so that
 * each but the last must take a connection within some seconds first.
 * @throws what `ask` throws for the last address, or for one that was connected to; the reason of `signal`
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

/** Whether an error, or what caused it, is that of a connection that never stood. */
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
    }, PATIENCE);
  });
  try {
    return await Promise.race([connecting, limit]);
  } finally {
    clearTimeout(timer);
  }
}

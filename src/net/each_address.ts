/** A host with several addresses: the next one where one takes no connection. */

/** Codes and words of errors of connections that never stood, of node's sockets and of `fetch`. */
const UNCONNECTED =
  /\b(ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)\b|tcp connect error/;

/**
 * Asks at one address after the other until a connection stands.
 * @param again false where what is sent can be sent only once: then the first address is the only one
 * @throws what `ask` throws for the last address, or for one that was connected to
 */
export async function eachAddress<T>(
  addresses: readonly string[],
  again: boolean,
  ask: (address: string) => Promise<T>,
): Promise<T> {
  for (const [at, address] of addresses.entries()) {
    try {
      return await ask(address);
    } catch (error) {
      const { code, message, cause } = error as Error & { code?: string };
      const unconnected = UNCONNECTED.test(`${code} ${message} ${cause}`);
      if (!again || !unconnected || at === addresses.length - 1) throw error;
    }
  }
  throw new TypeError("no address to connect to");
}

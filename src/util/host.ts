/** Hosts of requests, for links. */

/** Name or address, in brackets where it has colons, and perhaps a port (RFC 3986 §3.2.2). */
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::\d{0,5})?$/;

/** Whether a text is a host, with an optional port, of a URL. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

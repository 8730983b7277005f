/** `transport_url`: where the message bus is (docs/reference/configuration.md §2). */
import { fail } from "../errors.ts";
import type { BrokerHost } from "../net/amqp.ts";

/** A parsed URL. Holds secrets: never logged. */
interface TransportUrl {
  hosts: BrokerHost[];
  vhost: string;
  /** Options of `[oslo_messaging_rabbit]` for this bus, by name. */
  query: Map<string, string>;
}

const FORM = /^([a-z][a-z0-9+.-]*):\/\/([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/i;
const HOST = /^(?:(.*)@)?(\[[0-9a-fA-F:.]+\]|[^:@[\]]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 5672;

/**
 * Parses `rabbit://user:password@host:port,host2/vhost?ssl=1`. A host without a login has the one of the host before.
 * Errors: config; the text, which holds a password, is not in them.
 */
export function parseTransportUrl(text: string): TransportUrl {
  const [, scheme, hosts, path, query] = FORM.exec(text.trim()) ?? fail("config", `${NAME} is not a URL.`);
  if (scheme!.toLowerCase() !== "rabbit") {
    fail("config", `${NAME} begins with ${scheme}://; only rabbit:// is supported.`);
  }
  return {
    hosts: parseHosts(hosts!),
    vhost: decode(path ?? "") || "/",
    query: new Map(new URLSearchParams(query ?? "")),
  };
}

const NAME = "transport_url";

function parseHosts(text: string): BrokerHost[] {
  let [user, password] = ["guest", "guest"];
  return (text === "" ? "localhost" : text).split(",").map((part) => {
    const [, login, host, port] = HOST.exec(part.trim()) ??
      fail("config", `${NAME}: one of the hosts is not user:password@host:port.`);
    if (login !== undefined) {
      const colon = login.indexOf(":");
      user = decode(colon < 0 ? login : login.slice(0, colon));
      password = colon < 0 ? "" : decode(login.slice(colon + 1));
    }
    const number = port === undefined ? DEFAULT_PORT : Number(port);
    if (number < 1 || number > 65535) fail("config", `${NAME}: ${number} is not a port.`);
    return { host: host!.replace(/^\[|\]$/g, ""), port: number, user, password };
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail("config", `${NAME} has a % that does not begin an escape; write it as %25.`);
  }
}

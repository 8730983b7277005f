/**
 * Keeps requests to other servers within what the operator allows: the name is resolved once, every address is
 * checked, and the connection goes to the address that was checked, so that a name cannot change its mind in between
 * (server-side request forgery; spec/background-jobs.md §4.2 for the filter before it).
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import { readNetworks } from "./cidr.ts";
import type { Guard } from "./outbound.ts";

/** Addresses of a name, as the system resolves it. Rejects when there are none. */
export type Resolve = (name: string) => Promise<string[]>;

const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** Who wrote the host of the URL: a user may name public addresses, the operator those of the own network too. */
export type WrittenBy = "user" | "operator";

/** Ranges that an operator's URL may name. Link-local is not among them: clouds give their secrets away there. */
const REACHED: Record<WrittenBy, readonly string[]> = {
  user: ["unicast"],
  operator: ["unicast", "private", "loopback", "uniqueLocal", "carrierGradeNat"],
};

const PORTS: Record<string, string> = { "http:": "80", "https:": "443" };

/** The lists, as the options `[oneglance] outbound_…` give them. Denied wins over allowed. */
export interface GuardOptions {
  allowedNetworks?: readonly string[];
  deniedNetworks?: readonly string[];
  /** Names or addresses as URLs write them; a leading dot means everything below. */
  deniedHosts?: readonly string[];
  deniedPorts?: readonly string[];
  resolve?: Resolve;
}

/** The lists of the configuration. */
export function guardOptions(config: Pick<Config, "get">): GuardOptions {
  return {
    allowedNetworks: config.get("oneglance.outbound_allowed_networks"),
    deniedNetworks: config.get("oneglance.outbound_denied_networks"),
    deniedHosts: config.get("oneglance.outbound_denied_hosts"),
    deniedPorts: config.get("oneglance.outbound_denied_ports"),
  };
}

/**
 * Makes the guard. It answers the addresses to connect to, or null where the URL names one itself.
 * @throws GlanceError `config` for a text that is no network or port; the guard throws `bad_request`.
 */
export function makeGuard(by: WrittenBy, options: GuardOptions): Guard {
  const checkAddress = addressCheck(by, options);
  const checkHost = hostCheck(options);
  const resolve = options.resolve ?? resolveBySystem;
  return async (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (host === "") fail("bad_request", "The URL names no host.");
    checkHost(url, host);
    if (isIP(host) !== 0) {
      checkAddress(host, host);
      return null;
    }
    const addresses = await resolve(host).catch((cause) =>
      fail("bad_request", `${host} cannot be resolved.`, { cause })
    );
    for (const address of addresses) checkAddress(address, host);
    return addresses.length > 0 ? addresses : fail("bad_request", `${host} cannot be resolved.`);
  };
}

function addressCheck(by: WrittenBy, { allowedNetworks = [], deniedNetworks = [] }: GuardOptions) {
  const allowed = readNetworks(allowedNetworks, "[oneglance] outbound_allowed_networks");
  const denied = readNetworks(deniedNetworks, "[oneglance] outbound_denied_networks");
  return (address: string, host: string) => {
    if (denied(address)) {
      fail("bad_request", `${host} is at ${address}, which [oneglance] outbound_denied_networks denies.`);
    }
    if (REACHED[by].includes(rangeOf(address)) || allowed(address)) return;
    fail(
      "bad_request",
      `${host} is at ${address}, which is not a public address. An operator can allow its network by ` +
        "[oneglance] outbound_allowed_networks.",
    );
  };
}

function hostCheck({ deniedHosts = [], deniedPorts = [] }: GuardOptions) {
  const hosts = deniedHosts.map((host) => host.toLowerCase());
  const wrong = deniedPorts.find((port) => !/^[1-9]\d{0,4}$/.test(port));
  if (wrong !== undefined) fail("config", `[oneglance] outbound_denied_ports: ${wrong} is not a port.`);
  return (url: URL, host: string) => {
    // A name with the dot of the root is the same name.
    const name = host.toLowerCase().replace(/\.$/, "");
    if (hosts.some((denied) => denied.startsWith(".") ? name.endsWith(denied) : name === denied)) {
      fail("bad_request", `[oneglance] outbound_denied_hosts denies ${host}.`);
    }
    const port = url.port || PORTS[url.protocol];
    if (port !== undefined && deniedPorts.includes(port)) {
      fail("bad_request", `[oneglance] outbound_denied_ports denies port ${port}.`);
    }
  };
}

/** What kind of address it is, by ipaddr.js: `unicast` belongs to everybody; wrappers of IPv4 are never that. */
function rangeOf(text: string): string {
  return ipaddr.isValid(text) ? ipaddr.process(text).range() : "invalid";
}

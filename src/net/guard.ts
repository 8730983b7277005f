/**
 * Limits requests to the servers that the operator allows: resolves the name once, checks its addresses, and connects
 * to one that passed, so that a DNS answer cannot change in between (server-side request forgery;
 * docs/reference/background-jobs.md §4.2).
 */
import ipaddr from "ipaddr.js";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Config } from "../config/config.ts";
import { fail, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { readNetworks } from "./cidr.ts";
import { CAN_NODE } from "./node_fetch.ts";
import type { Guard } from "./outbound.ts";
import { hostOf, hostOfList, readUri } from "./uri_text.ts";

const log = getLog("oneglance.outbound");

/** Resolves a name to its addresses; a trailing dot keeps search domains out. Rejects if there are none. */
type Resolve = (name: string) => Promise<string[]>;

const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/**
 * Who supplied the URL: a user (web-download, glance-download, locations of the http store), the operator (`http:`
 * policy checks), or the target of a policy check.
 */
export type NamedBy = "user" | "operator" | "target";

/** Link-local is in none: metadata services, which hand out secrets, have such addresses. */
const REACHED: Record<NamedBy, readonly AddressKind[]> = {
  user: ["global", "private"],
  operator: ["global", "private", "loopback"],
  target: ["global"],
};

const PORTS: Record<string, string> = { "http:": "80", "https:": "443" };

/** A non-empty allow list disables the deny list. */
interface Lists {
  allowed: readonly string[];
  disallowed: readonly string[];
}

/** `[oneglance] outbound_…`, and for users' URLs `[import_filtering_opts]`. Denied wins over allowed. */
export interface GuardOptions {
  /** Allowed even if private, loopback or link-local. */
  allowedNetworks?: readonly string[];
  deniedNetworks?: readonly string[];
  /** Names or addresses as in URLs; a leading dot includes all subdomains. */
  deniedHosts?: readonly string[];
  deniedPorts?: readonly string[];
  /** Whether users' URLs reach private addresses; default allow. */
  private?: "allow" | "deny";
  /** For users' URLs. A host in `allowed` may have any address. */
  filter?: Record<"schemes" | "hosts" | "ports", Lists>;
  resolve?: Resolve;
}

/** Reads the lists from the configuration. */
export function guardOptions(config: Pick<Config, "get">): GuardOptions {
  const lists = (what: "schemes" | "hosts" | "ports"): Lists => ({
    allowed: config.get(`import_filtering_opts.allowed_${what}`).map(String),
    disallowed: config.get(`import_filtering_opts.disallowed_${what}`).map(String),
  });
  return {
    allowedNetworks: config.get("oneglance.outbound_allowed_networks"),
    deniedNetworks: config.get("oneglance.outbound_denied_networks"),
    deniedHosts: config.get("oneglance.outbound_denied_hosts"),
    deniedPorts: config.get("oneglance.outbound_denied_ports"),
    private: config.get("oneglance.outbound_private"),
    filter: { schemes: lists("schemes"), hosts: lists("hosts"), ports: lists("ports") },
  };
}

/** Whether the lists let a value pass. */
export function passes(value: string, { allowed, disallowed }: Lists): boolean {
  return allowed.length > 0 ? allowed.includes(value) : !disallowed.includes(value);
}

/**
 * Makes the guard. It returns the addresses that may be connected to, or null if the URL itself contains the address.
 * @throws GlanceError `config` for text that is not a network or port. The guard throws `bad_request` naming the URL;
 * addresses and the list that refused are only in the log.
 */
export function makeGuard(by: NamedBy, options: GuardOptions): Guard {
  const checkUrl = urlCheck(by, options);
  const checkAddress = addressCheck(by, options);
  const { resolve = resolveBySystem } = options;
  return async (url) => {
    const host = hostOf(url);
    const refuse = (why: string, cause?: unknown) => {
      log.warn(`request to ${url.origin} refused: ${why}`);
      fail("bad_request", `The URL does not pass filtering: ${url.origin}`, { cause });
    };
    const { why, anywhere } = checkUrl(url, host);
    if (why !== null) return refuse(why);
    if (isIP(host) !== 0) {
      const wrong = checkAddress(host, anywhere);
      return wrong === null ? null : refuse(wrong);
    }
    let found: string[];
    try {
      found = await addressesOf(host, by === "operator" || anywhere, resolve);
    } catch (cause) {
      return refuse("its name cannot be resolved", cause);
    }
    const judged = found.map((address) => ({ address, wrong: checkAddress(address, anywhere) }));
    const good = judged.filter(({ wrong }) => wrong === null).map(({ address }) => address);
    // Without node, https connects to any address that the runtime finds (docs/adr/0006).
    const whole = url.protocol !== "https:" || CAN_NODE || good.length === found.length;
    if (good.length > 0 && whole) return good;
    return refuse(judged.flatMap(({ wrong }) => wrong ?? []).join("; "));
  };
}

/**
 * A host name from a user is a DNS name, never one of our search domains or hosts file. `own`: the operator wrote it, so
 * it may be one of those. localhost is this machine (RFC 6761).
 */
async function addressesOf(name: string, own: boolean, resolve: Resolve): Promise<string[]> {
  if (/(^|\.)localhost$/.test(name)) return ["127.0.0.1", "::1"];
  const found = await resolve(`${name}.`).catch((error) => own ? resolve(name) : Promise.reject(error));
  if (found.length === 0) throw new Error("no address");
  // DNS does not choose the zone of an address.
  return found.map((address) => address.replace(/%.*/, ""));
}

/** Checks the URL itself. `why`: the reason to refuse it, or null; `anywhere`: whether its host may have any address. */
function urlCheck(by: NamedBy, { deniedHosts = [], deniedPorts = [], filter }: GuardOptions) {
  const denied = deniedHosts.map((host) => host.startsWith(".") ? host.toLowerCase() : hostOfList(host));
  const wrong = deniedPorts.find((port) => !/^[1-9]\d{0,4}$/.test(port));
  if (wrong !== undefined) fail("config", `[oneglance] outbound_denied_ports: ${wrong} is not a port.`);
  const lists = by === "user" && filter ? { ...filter, hosts: readHosts(filter.hosts) } : null;
  return (url: URL, host: string): { why: string | null; anywhere: boolean } => {
    const refuse = (why: string) => ({ why, anywhere: false });
    if (host === "") return refuse("it has no host");
    const scheme = url.protocol.slice(0, -1);
    if (scheme !== "http" && scheme !== "https") return refuse(`its scheme is ${scheme}`);
    if (denied.some((each) => each.startsWith(".") ? host.endsWith(each) : host === each)) {
      return refuse("its host is in [oneglance] outbound_denied_hosts");
    }
    if (deniedPorts.includes(url.port || PORTS[url.protocol]!)) {
      return refuse("its port is in [oneglance] outbound_denied_ports");
    }
    if (lists === null) return { why: null, anywhere: false };
    if (!passes(scheme, lists.schemes)) return refuse(`scheme ${scheme} ${notIn(lists.schemes, "schemes")}`);
    if (!passes(host, lists.hosts)) return refuse(`its host ${notIn(lists.hosts, "hosts")}`);
    if (url.port !== "" && !passes(url.port, lists.ports)) {
      return refuse(`its port ${notIn(lists.ports, "ports")}`);
    }
    return { why: null, anywhere: lists.hosts.allowed.includes(host) };
  };
}

const readHosts = ({ allowed, disallowed }: Lists): Lists => ({
  allowed: allowed.map(hostOfList),
  disallowed: disallowed.map(hostOfList),
});

function notIn({ allowed }: Lists, what: string): string {
  return allowed.length > 0
    ? `is not in [import_filtering_opts] allowed_${what}`
    : `is in [import_filtering_opts] disallowed_${what}`;
}

/** Returns why an address is refused, or null. `anywhere`: its host may have any that `deniedNetworks` does not contain. */
function addressCheck(by: NamedBy, options: GuardOptions) {
  const { allowedNetworks = [], deniedNetworks = [], filter } = options;
  const allowed = readNetworks(allowedNetworks, "[oneglance] outbound_allowed_networks");
  const denied = readNetworks(deniedNetworks, "[oneglance] outbound_denied_networks");
  const kinds = by === "user" && options.private === "deny" ? REACHED.target : REACHED[by];
  const hosts = by === "user" && filter ? readHosts(filter.hosts) : { allowed: [], disallowed: [] };
  const disallowed = hosts.allowed.length > 0 ? [] : hosts.disallowed;
  return (address: string, anywhere: boolean): string | null => {
    const forms = addressForms(address);
    if (forms.some(denied)) return `${address} is in [oneglance] outbound_denied_networks`;
    if (anywhere) return null;
    if (forms.some((form) => disallowed.includes(form))) {
      return `${address} is in [import_filtering_opts] disallowed_hosts`;
    }
    const kind = addressKind(address);
    if (kinds.includes(kind) || allowed(address)) return null;
    const why = kind === "private" && by === "user" ? "private, which outbound_private denies" : kind;
    const lists = by === "user" ? "[import_filtering_opts] allowed_hosts or " : "";
    return `${address} is ${why}, and not in ${lists}[oneglance] outbound_allowed_networks`;
  };
}

/**
 * `global` is the public Internet, `private` the network of the service (private, unique-local, shared, and ranges for
 * documentation and benchmarks). `metadata`: a cloud's metadata service, which hands out secrets. `unallocated`: ranges
 * that IANA has not assigned, old tunnels, and text that is not an address.
 */
export type AddressKind =
  | "global"
  | "private"
  | "loopback"
  | "link-local"
  | "unspecified"
  | "multicast"
  | "broadcast"
  | "metadata"
  | "unallocated";

type Range = [network: string, kind: AddressKind];

/** The first match counts; all other IPv4 addresses are global. */
const V4: readonly Range[] = [
  ["0.0.0.0/8", "unspecified"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["100.100.100.200/32", "metadata"],
  ["255.255.255.255/32", "broadcast"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "unallocated"],
  ["10.0.0.0/8", "private"],
  ["172.16.0.0/12", "private"],
  ["192.168.0.0/16", "private"],
  ["100.64.0.0/10", "private"],
  ["192.0.0.0/24", "private"],
  ["192.0.2.0/24", "private"],
  ["198.18.0.0/15", "private"],
  ["198.51.100.0/24", "private"],
  ["203.0.113.0/24", "private"],
];

/** The first match counts; all other IPv6 addresses are unallocated. */
const V6: readonly Range[] = [
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["fd00:ec2::254/128", "metadata"],
  ["fd20:ce::254/128", "metadata"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
  // Protocols of the IETF: Teredo, ORCHID, benchmarks.
  ["2001::/23", "unallocated"],
  ["2001:db8::/32", "private"],
  ["3fff::/20", "private"],
  ["2000::/3", "global"],
];

/** Networks whose addresses embed an IPv4 address, and the byte it begins at: mapped, NAT64, 6to4. */
const WRAPPERS: readonly [network: string, at: number][] = [
  ["::ffff:0:0/96", 12],
  ["64:ff9b::/96", 12],
  ["2002::/16", 2],
];

const parseRanges = <T>(ranges: readonly (readonly [string, T])[]) =>
  ranges.map(([network, what]) => ({ network: ipaddr.parseCIDR(network), what }));

const RANGES = { ipv4: parseRanges(V4), ipv6: parseRanges(V6) };
const WRAPPED = parseRanges(WRAPPERS);

/** Returns the kind of an address; for one that embeds an IPv4 address, the kind of that. */
export function addressKind(text: string): AddressKind {
  // The old IPv4-compatible form, which ipaddr.js mistakes for a mapped address.
  if (!ipaddr.isValid(text) || /^::\d+\.\d+\.\d+\.\d+$/.test(text)) return "unallocated";
  const address = ipaddr.parse(text);
  const inner = wrappedIn(address);
  if (inner !== null) return addressKind(inner);
  const found = RANGES[address.kind()].find(({ network }) => address.match(network));
  return found?.what ?? (address.kind() === "ipv4" ? "global" : "unallocated");
}

/** Returns the address in canonical form, followed by the IPv4 address it embeds, if any. */
export function addressForms(text: string): string[] {
  const address = ipaddr.parse(text);
  const inner = wrappedIn(address);
  return inner === null ? [address.toString()] : [address.toString(), inner];
}

function wrappedIn(address: ipaddr.IPv4 | ipaddr.IPv6): string | null {
  if (address.kind() === "ipv4") return null;
  const found = WRAPPED.find(({ network }) => address.match(network));
  return found ? address.toByteArray().slice(found.what, found.what + 4).join(".") : null;
}

/** Checks URLs against `[import_filtering_opts]` and `[oneglance] outbound_…`. */
export interface UriFilter {
  /**
   * Returns the URL, or null if it is refused. The reason is only logged: it contains addresses, and would let the user
   * query our resolver.
   * @param credentials whether it may contain user and password
   */
  read(text: unknown, options?: { credentials?: boolean }): Promise<URL | null>;
  /** The same check for each request, which then connects to an address that passed. */
  readonly guard: Guard;
}

/** Makes the filter. Errors: config, for invalid lists. */
export function makeUriFilter(options: GuardOptions): UriFilter {
  const guard = makeGuard("user", options);
  const ports = options.filter?.ports ?? { allowed: [], disallowed: [] };
  return {
    guard,
    async read(text, { credentials = false } = {}) {
      const written = readUri(text);
      const why = typeof written === "string"
        ? written
        : written.credentials && !credentials
        ? "it contains a user"
        // URL drops a port that is the scheme's default.
        : written.port !== null && !passes(String(Number(written.port)), ports)
        ? "[import_filtering_opts] does not allow its port"
        : null;
      if (typeof written === "string" || why !== null) {
        log.warn(
          `request to ${typeof written === "string" ? "a user's URL" : written.url.origin} refused: ${why}`,
        );
        return null;
      }
      try {
        await guard(written.url);
        return written.url;
      } catch (error) {
        if (!isError(error, "bad_request")) throw error;
        return null;
      }
    },
  };
}

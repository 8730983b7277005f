/**
 * Keeps requests to other servers within what the operator allows: the name is resolved once, its addresses are judged,
 * and the connection goes to one that passed, so that a name cannot change its mind in between (server-side request
 * forgery; spec/background-jobs.md §4.2).
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { addressForms, type AddressKind, addressKind } from "./address_kind.ts";
import { readNetworks } from "./cidr.ts";
import { CAN_NODE } from "./node_fetch.ts";
import type { Guard } from "./outbound.ts";
import { hostOf, hostOfList } from "./uri_text.ts";

const log = getLog("oneglance.outbound");

/** Addresses of a name, as the system resolves it; a dot at its end keeps search domains away. Rejects for none. */
export type Resolve = (name: string) => Promise<string[]>;

const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/**
 * Who named the host: a user (web-download, glance-download, locations of the http store), the operator (`http:` policy
 * checks), or the target of a policy check.
 */
export type NamedBy = "user" | "operator" | "target";

/** Link-local is in none: clouds give their secrets away there. */
const REACHED: Record<NamedBy, readonly AddressKind[]> = {
  user: ["global", "private"],
  operator: ["global", "private", "loopback"],
  target: ["global"],
};

const PORTS: Record<string, string> = { "http:": "80", "https:": "443" };

/** An allow list that is not empty makes the deny list void. */
export interface Lists {
  allowed: readonly string[];
  disallowed: readonly string[];
}

/** `[oneglance] outbound_…`, and for URLs of users `[import_filtering_opts]`. Denied wins over allowed. */
export interface GuardOptions {
  /** Reached although they are private, loopback or link-local. */
  allowedNetworks?: readonly string[];
  deniedNetworks?: readonly string[];
  /** Names or addresses as URLs write them; a leading dot means everything below. */
  deniedHosts?: readonly string[];
  deniedPorts?: readonly string[];
  /** Whether URLs of users reach private addresses; default allow. */
  private?: "allow" | "deny";
  /** For URLs of users. A host that `allowed` has may be at any address. */
  filter?: Record<"schemes" | "hosts" | "ports", Lists>;
  resolve?: Resolve;
}

/** The lists of the configuration. */
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

/** Whether a value passes two lists. */
export function passes(value: string, { allowed, disallowed }: Lists): boolean {
  return allowed.length > 0 ? allowed.includes(value) : !disallowed.includes(value);
}

/**
 * Makes the guard. It returns the addresses to connect to, those that do not pass left out, or null where the URL names
 * one itself.
 * @throws GlanceError `config` for a text that is no network or port; the guard throws `bad_request`, which names the URL
 * and no address: those, and the list, are in the log only.
 */
export function makeGuard(by: NamedBy, options: GuardOptions): Guard {
  const checkUrl = urlCheck(by, options);
  const checkAddress = addressCheck(by, options);
  const { resolve = resolveBySystem } = options;
  return async (url) => {
    const host = hostOf(url);
    const refuse = (why: string, cause?: unknown) => {
      log.warn(`${url.origin} is not asked: ${why}`);
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
    // There https goes to whatever address the runtime finds (docs/adr/0006).
    const whole = url.protocol !== "https:" || CAN_NODE || good.length === found.length;
    if (good.length > 0 && whole) return good;
    return refuse(judged.flatMap(({ wrong }) => wrong ?? []).join("; "));
  };
}

/**
 * A user's name is one of the DNS, not of our search domains or hosts file. `own`: the operator has written it
 * somewhere, so that it may be of those. localhost never leaves the machine (RFC 6761).
 */
async function addressesOf(name: string, own: boolean, resolve: Resolve): Promise<string[]> {
  if (/(^|\.)localhost$/.test(name)) return ["127.0.0.1", "::1"];
  const found = await resolve(`${name}.`).catch((error) => own ? resolve(name) : Promise.reject(error));
  if (found.length === 0) throw new Error("no address");
  // The zone of an address is ours to choose, not the name's.
  return found.map((address) => address.replace(/%.*/, ""));
}

/** What the URL itself says: `why` it is refused, and whether its host may be at any address. */
function urlCheck(by: NamedBy, { deniedHosts = [], deniedPorts = [], filter }: GuardOptions) {
  const denied = deniedHosts.map((host) => host.startsWith(".") ? host.toLowerCase() : hostOfList(host));
  const wrong = deniedPorts.find((port) => !/^[1-9]\d{0,4}$/.test(port));
  if (wrong !== undefined) fail("config", `[oneglance] outbound_denied_ports: ${wrong} is not a port.`);
  const lists = by === "user" && filter ? { ...filter, hosts: readHosts(filter.hosts) } : null;
  return (url: URL, host: string): { why: string | null; anywhere: boolean } => {
    const refuse = (why: string) => ({ why, anywhere: false });
    if (host === "") return refuse("it names no host");
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

/** What is wrong with an address; null = nothing. `anywhere`: its host may be at any that no list of ours denies. */
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

/** What kind of place an IP address is, after the special-purpose registries of IANA (RFC 6890) and images-api §2.8.6. */
import ipaddr from "ipaddr.js";

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

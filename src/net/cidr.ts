/** Lists of networks, the format of `[oneglance] identity_headers_from` and of the import filters. */
import ipaddr from "ipaddr.js";
import { fail } from "../errors.ts";

/** Whether an address is in one of the networks; false for text that is not an address. */
type InNetworks = (address: string) => boolean;

/**
 * Parses networks (`10.0.0.0/8`, `::1/128`, or one address) into a predicate. An IPv4-mapped IPv6 address
 * (`::ffff:10.0.0.1`) counts as the IPv4 address.
 * @param option the option's name, for the error
 * @throws GlanceError `config` for text that is not a network
 */
export function readNetworks(texts: readonly string[], option: string): InNetworks {
  const networks = texts.map((text) => readNetwork(text.trim(), option));
  return (text) => {
    if (networks.length === 0 || !ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return networks.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
  };
}

function readNetwork(text: string, option: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  try {
    if (!text.includes("/")) {
      const address = ipaddr.process(text);
      return [address, address.kind() === "ipv4" ? 32 : 128];
    }
    const [base, bits] = ipaddr.parseCIDR(text);
    if (base.kind() === "ipv6" && (base as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96) {
      return [(base as ipaddr.IPv6).toIPv4Address(), bits - 96];
    }
    return [base, bits];
  } catch (cause) {
    return fail("config", `${option}: "${text}" is neither an address nor a network.`, { cause });
  }
}

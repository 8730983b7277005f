/**
 * Keeps requests to URLs that a user gave out of the operator's own network: the name is resolved once, every
 * address is checked, and the connection goes to the address that was checked, so that a name cannot change its mind
 * in between (issue of server-side request forgery; spec/background-jobs.md §4.2 for the filter before it).
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { fail } from "../errors.ts";
import { readNetworks } from "./cidr.ts";
import type { Guard } from "./outbound.ts";

/** Addresses of a name, as the system resolves it. Rejects when there are none. */
export type Resolve = (name: string) => Promise<string[]>;

const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** What may be reached although it is no public address. */
export interface GuardOptions {
  /** `[oneglance] outbound_allowed_networks`. */
  allowedNetworks: readonly string[];
  resolve?: Resolve;
}

/**
 * Makes the guard. It answers the address to connect to, or null where the URL names one itself.
 * @throws GlanceError `config` for a text that is no network; the guard throws `bad_request`.
 */
export function makeGuard({ allowedNetworks, resolve = resolveBySystem }: GuardOptions): Guard {
  const allowed = readNetworks(allowedNetworks, "[oneglance] outbound_allowed_networks");
  const check = (address: string, host: string) => {
    if (isPublic(address) || allowed(address)) return;
    fail(
      "bad_request",
      `${host} is at ${address}, which is not a public address. An operator can allow its network by ` +
        "[oneglance] outbound_allowed_networks.",
    );
  };
  return async (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (host === "") fail("bad_request", "The URL names no host.");
    if (isIP(host) !== 0) {
      check(host, host);
      return null;
    }
    const addresses = await resolve(host).catch((cause) =>
      fail("bad_request", `${host} cannot be resolved.`, { cause })
    );
    for (const address of addresses) check(address, host);
    return addresses[0] ?? fail("bad_request", `${host} cannot be resolved.`);
  };
}

/** Whether an address belongs to everybody: not private, loopback, link-local, multicast, reserved or a wrapper of one. */
export function isPublic(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  return address.range() === "unicast";
}

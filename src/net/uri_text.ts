/** Which spellings of a user's URL are accepted (docs/reference/images-api.md §2.8.6): every parser must read the same host. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

const FORM = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/([^/?#]*)/;

interface WrittenUri {
  url: URL;
  /** The port as written, also if it is the scheme's default. */
  port: string | null;
  /** Whether it contains a user. */
  credentials: boolean;
}

/** Parses the text; returns a string with the reason if it is refused. */
export function readUri(text: unknown): WrittenUri | string {
  if (typeof text !== "string" || text === "") return "it is empty or not text";
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return "it has blanks, control characters or backslashes";
  const authority = FORM.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) return "it has no scheme or host";
  const place = authority.slice(authority.lastIndexOf("@") + 1);
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(place);
  if (!match || match[1] === "") return "it has no host";
  const url = new URL(text);
  const written = match[1]!.replace(/^\[|\]$/g, "").toLowerCase();
  if (match[1]!.startsWith("[") && isIP(written) !== 6) return "the text in brackets is not an IPv6 address";
  // Spellings that only some parsers read as an address.
  if (isIP(written) === 0 && /^[0-9.]+$/.test(written)) return "its host is neither an address nor a name";
  const read = hostOf(url);
  if (isIP(read) !== 0 && (isIP(written) === 0 || canonical(read) !== canonical(written))) {
    return "its host is an address in disguise";
  }
  return { url, port: match[2] ? match[2] : null, credentials: authority.includes("@") };
}

/** Returns the host of a URL without brackets and without the trailing dot. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** Returns a host of an operator's list in the spelling of `hostOf`; text that is not a host is returned unchanged. */
export function hostOfList(text: string): string {
  const bare = text.trim();
  const url = URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}/`);
  const host = url === null ? bare.toLowerCase() : hostOf(url);
  return isIP(host) === 0 ? host : canonical(host);
}

const canonical = (address: string) => ipaddr.parse(address).toString();

/** How a URL that a user gives may be written (spec/images-api.md §2.8.6): every reader must take the same host out of it. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

const FORM = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/([^/?#]*)/;

/** A URL as it was written. */
export interface WrittenUri {
  url: URL;
  /** The port, where one is written, also the scheme's own. */
  port: string | null;
  /** Whether it names a user. */
  credentials: boolean;
}

/** Reads the text; a string says why it cannot be taken. */
export function readUri(text: unknown): WrittenUri | string {
  if (typeof text !== "string" || text === "") return "there is none";
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return "it has blanks, control characters or backslashes";
  const authority = FORM.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) return "it has no scheme or host";
  const place = authority.slice(authority.lastIndexOf("@") + 1);
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(place);
  if (!match || match[1] === "") return "it has no host";
  const url = new URL(text);
  const written = match[1]!.replace(/^\[|\]$/g, "").toLowerCase();
  if (match[1]!.startsWith("[") && isIP(written) !== 6) return "its address is not one";
  // Spellings of an address that only some readers take for one.
  if (isIP(written) === 0 && /^[0-9.]+$/.test(written)) return "its host is neither an address nor a name";
  const read = hostOf(url);
  if (isIP(read) !== 0 && (isIP(written) === 0 || canonical(read) !== canonical(written))) {
    return "its host is an address in disguise";
  }
  return { url, port: match[2] ? match[2] : null, credentials: authority.includes("@") };
}

/** The host of a URL as its servers know it: no brackets, no dot of the root. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

/** A host of an operator's list in the spelling of `hostOf`; text that is no host stays as it is. */
export function hostOfList(text: string): string {
  const bare = text.trim();
  const url = URL.parse(`http://${isIP(bare) === 6 ? `[${bare}]` : bare}/`);
  const host = url === null ? bare.toLowerCase() : hostOf(url);
  return isIP(host) === 0 ? host : canonical(host);
}

const canonical = (address: string) => ipaddr.parse(address).toString();

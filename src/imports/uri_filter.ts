/** What a URL that a user gave for an import may look like (spec/images-api.md §2.8.6, spec/background-jobs.md §4.2). */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import type { Config } from "../config/config.ts";
import { fail } from "../errors.ts";

const FORM = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)/;

/**
 * Checks text, scheme, host and port against `[import_filtering_opts]`; an allow list that is not empty makes the deny
 * list void. Returns the URL. Errors: bad_request.
 */
export function filterImportUri(config: Pick<Config, "get">, uri: unknown): URL {
  const refuse = (why: string) =>
    fail("bad_request", `Invalid URI filtering: the URI does not pass filtering (${why}).`);
  if (typeof uri !== "string" || uri === "") return refuse("there is none");
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(uri)) return refuse("it has blanks, control characters or backslashes");
  const match = FORM.exec(uri);
  if (!match) return refuse("it has no scheme or host");
  const scheme = match[1]!.toLowerCase();
  const { host, port } = splitAuthority(match[2]!, refuse);
  const lists = (what: "schemes" | "hosts" | "ports") =>
    [
      config.get(`import_filtering_opts.allowed_${what}`).map(String),
      config.get(`import_filtering_opts.disallowed_${what}`).map(String),
    ] as const;
  if (!passes(scheme, ...lists("schemes"))) refuse(`scheme ${scheme}`);
  if (scheme !== "http" && scheme !== "https") refuse(`scheme ${scheme}`);
  if (!passes(host, ...lists("hosts"))) refuse(`host ${host}`);
  if (port !== null && !passes(port, ...lists("ports"))) refuse(`port ${port}`);
  return parse(uri, host, refuse);
}

function splitAuthority(
  authority: string,
  refuse: (why: string) => never,
): { host: string; port: string | null } {
  if (authority.includes("@")) refuse("it has a user name");
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority);
  if (!match || match[1] === "") return refuse("it has no host");
  const raw = match[1]!.replace(/^\[|\]$/g, "").toLowerCase();
  if (match[1]!.startsWith("[") && isIP(raw) !== 6) refuse("its address is not one");
  // Spellings of an address that only some readers take for one.
  if (isIP(raw) === 0 && /^[0-9.]+$/.test(raw)) refuse(`host ${raw}`);
  const host = isIP(raw) === 0 ? raw : ipaddr.parse(raw).toString();
  return { host, port: match[2] ? match[2] : null };
}

function passes(value: string, allowed: readonly string[], denied: readonly string[]): boolean {
  return allowed.length > 0 ? allowed.includes(value) : !denied.includes(value);
}

/** The runtime must read the same host out of the text as we did. */
function parse(uri: string, host: string, refuse: (why: string) => never): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    return refuse("it is no URL");
  }
  const read = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(read) !== 0 && ipaddr.parse(read).toString() !== host) refuse(`host ${host}`);
  return url;
}

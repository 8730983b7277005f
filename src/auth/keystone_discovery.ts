/** Finds the base URL of version 3 of an identity endpoint, with or without `/v3`. */
import * as v from "valibot";
import { VersionsAnswer } from "./keystone_answers.ts";
import type { KeystoneRequest } from "./keystone_request.ts";

/**
 * The base URL of version 3, without a slash at its end.
 *
 * Requests the endpoint's list of versions only when the URL names none. Uses its link only with the same scheme, host
 * and port: that list often names a public address, and the service user's password goes only to addresses of the
 * operator or the catalog.
 * Errors: `unavailable` when the endpoint is not reachable.
 */
export async function findVersion3(endpoint: string, request: KeystoneRequest): Promise<string> {
  const base = endpoint.replace(/\/+$/, "");
  if (/\/v3$/.test(base)) return base;
  const root = base.replace(/\/v2\.0$/, "");
  const answer = await request(`${root}/`);
  const listed = v.safeParse(VersionsAnswer, answer.body);
  if (listed.success) {
    const link = version3Link(listed.output, root);
    if (link !== null) return link;
  }
  return `${root}/v3`;
}

function version3Link(answer: v.InferOutput<typeof VersionsAnswer>, root: string): string | null {
  const versions = "version" in answer
    ? [answer.version]
    : Array.isArray(answer.versions)
    ? answer.versions
    : answer.versions.values;
  const version = versions.find((each) => /^v3(\.|$)/.test(each.id));
  const href = version?.links?.find((link) => link.rel === "self")?.href;
  if (href === undefined || !URL.canParse(href, `${root}/`)) return null;
  const url = new URL(href, `${root}/`);
  if (url.origin !== new URL(root).origin) return null;
  return url.href.replace(/\/+$/, "");
}

/** Requests that only the worker with the staged data can answer, sent on to it (docs/reference/images-api.md §2.8.5). */
import type { ImageRecord } from "../../db/records.ts";
import type { Caller } from "../caller.ts";
import type { Config } from "../config/config.ts";
import type { Ctx } from "../deps.ts";
import { type ErrorCode, ERRORS, fail, GlanceError, isError } from "../errors.ts";
import { getLog } from "../observe/log.ts";
import { type IMAGE_PROPERTY } from "../util/names.ts";

const log = getLog("oneglance.images.peer");

/** Marks a request that a worker has forwarded; it is not forwarded again. */
export const FORWARDED = "x-oneglance-forwarded";

const UNREACHABLE = "Stage host is unavailable";

/** The properties that name a worker by its URL; only services write them. */
type HostProperty = typeof IMAGE_PROPERTY["stageHost" | "hashHost"];

/** A request as it came, as far as another worker must see it. */
export interface Incoming {
  method: "POST" | "DELETE";
  /** Below the service's own URL. */
  path: string;
  /** `X-Service-Token` and `X-Image-Meta-Store`, where they are. */
  headers: Record<string, string>;
  body?: unknown;
  /** A worker sent it here: it takes this one for the place of the data. */
  forwarded: boolean;
}

/** The URL by which this worker is known to others. */
export function ownUrl(config: Pick<Config, "get">): string | null {
  return config.get("DEFAULT.worker_self_reference_url") ?? config.get("DEFAULT.public_endpoint");
}

/** Returns the worker that one of `names` gives, when it is not this one; otherwise null. */
export function peerOf(
  config: Pick<Config, "get">,
  image: ImageRecord,
  names: HostProperty[],
): string | null {
  const host = names.map((name) => image.properties[name]).find((value) => value);
  return host && host !== ownUrl(config) ? host : null;
}

/**
 * Lets the peer answer; its request id, or null when its answer has none. Redirects are not followed, because the caller's
 * token goes along. Errors: the peer's status; gateway_timeout when it does not answer, bad_gateway when it cannot be
 * asked or sent the request here itself.
 */
export async function askPeer(ctx: Ctx, peer: string, request: Incoming): Promise<string | null> {
  if (request.forwarded) {
    fail("bad_gateway", UNREACHABLE, {
      cause: new Error(
        `forwarded to this worker, but the data is at ${peer}: worker_self_reference_url must be unique`,
      ),
    });
  }
  const response = await send(ctx, urlOf(peer, request.path), request);
  await response.body?.cancel();
  if (response.ok) return response.headers.get("x-openstack-request-id");
  log.warn(`worker ${peer} answered ${request.method} ${request.path} with status ${response.status}`);
  throw new GlanceError(codeOf(response.status), "");
}

async function send(ctx: Ctx, url: URL, { method, headers, body }: Incoming): Promise<Response> {
  try {
    return await ctx.deps.outbound(url, {
      use: "peer",
      method,
      headers: {
        ...identity(ctx.caller),
        ...headers,
        accept: "application/json",
        "x-openstack-request-id": ctx.requestId,
        [FORWARDED]: "1",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    return fail(isError(cause, "unavailable") ? "gateway_timeout" : "bad_gateway", UNREACHABLE, { cause });
  }
}

function urlOf(peer: string, path: string): URL {
  const url = URL.parse(peer.replace(/\/+$/, "") + path);
  if (url && ["http:", "https:"].includes(url.protocol)) return url;
  return fail("bad_gateway", UNREACHABLE, { cause: new Error("the worker's URL is not an http(s) URL") });
}

/** The caller's token; without one, the identity headers that a trusted front end sent to this worker. */
function identity(caller: Caller): Record<string, string> {
  if (caller.token !== null) return { "x-auth-token": caller.token };
  const identity: Record<string, string | null> = {
    "x-user-id": caller.userId,
    "x-project-id": caller.projectId,
    "x-domain-id": caller.domainId,
    "x-user-domain-id": caller.userDomainId,
    "x-project-domain-id": caller.projectDomainId,
    "openstack-system-scope": caller.systemScope,
    "x-roles": caller.roles.join(","),
  };
  const known = Object.entries(identity).filter(([, value]) => value !== null);
  return { "x-identity-status": "Confirmed", ...Object.fromEntries(known) };
}

/** The first of the closed list with that status; 502 for those that it does not have. */
function codeOf(status: number): ErrorCode {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  return codes.find((code) => ERRORS[code][0] === status) ?? "bad_gateway";
}

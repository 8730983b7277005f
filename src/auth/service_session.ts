/** The session of a service user: its token, kept until shortly before it expires, and its catalog. */
import * as v from "valibot";
import { fail } from "../errors.ts";
import { type Service, TokenAnswer } from "./keystone_answers.ts";
import { findVersion3 } from "./keystone_discovery.ts";
import type { KeystoneRequest } from "./keystone_request.ts";
import type { ServiceLogin } from "./service_login.ts";

/** A token is renewed this many milliseconds before it expires. */
const RENEW_BEFORE_MS = 30_000;

/** A service user's token. Never logged. */
export interface ServiceToken {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly catalog: readonly Service[];
}

/** A service user's session. Errors of both: `unavailable`. */
export interface ServiceSession {
  /** A valid token. `rejected`: a token that Keystone no longer accepts; it is dropped. */
  token(rejected?: ServiceToken): Promise<ServiceToken>;
  /** The endpoint of a service type in the catalog, or null. */
  endpoint(type: string, face: string, region: string | null): Promise<string | null>;
}

/** Makes a session; the first use of the token logs in. */
export function makeServiceSession(
  login: ServiceLogin,
  request: KeystoneRequest,
  now: () => number = Date.now,
): ServiceSession {
  let held: ServiceToken | null = null;
  let pending: Promise<ServiceToken> | null = null;
  const token = (rejected?: ServiceToken): Promise<ServiceToken> => {
    if (rejected !== undefined && held === rejected) held = null;
    if (held !== null && held.expiresAt - RENEW_BEFORE_MS > now()) {
      return Promise.resolve(held);
    }
    pending ??= logIn(login, request).then((fresh) => held = fresh).finally(() => pending = null);
    return pending;
  };
  return {
    token,
    endpoint: async (type, face, region) => findEndpoint((await token()).catalog, type, face, region),
  };
}

async function logIn(login: ServiceLogin, request: KeystoneRequest): Promise<ServiceToken> {
  const base = await findVersion3(login.authUrl, request);
  const answer = await request(`${base}/auth/tokens`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ auth: login.auth }),
  });
  const id = answer.headers.get("x-subject-token");
  const body = v.safeParse(TokenAnswer, answer.body);
  const host = new URL(base).host;
  if (answer.status === 401) {
    fail("unavailable", `Keystone at ${host} rejects the service user's credentials.`);
  }
  if (answer.status !== 201 && answer.status !== 200) {
    fail("unavailable", `Keystone at ${host} answers ${answer.status} to the service user's login.`);
  }
  if (id === null || !body.success) fail("unavailable", `What answers at ${host} is not Keystone.`);
  return {
    id,
    expiresAt: Date.parse(body.output.token.expires_at),
    catalog: body.output.token.catalog ?? [],
  };
}

/** The URL of a service type in a catalog by interface and region (null: any), or null. */
export function findEndpoint(
  catalog: readonly Service[],
  type: string,
  face: string,
  region: string | null,
): string | null {
  for (const service of catalog) {
    if (service.type !== type) continue;
    const endpoint = (service.endpoints ?? []).find((each) =>
      each.interface === face && (region === null || (each.region_id ?? each.region) === region)
    );
    if (endpoint?.url) return endpoint.url;
  }
  return null;
}

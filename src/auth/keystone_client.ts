/** Validates tokens with Keystone (docs/reference/auth-and-middleware.md §1.2). */
import * as v from "valibot";
import { fail } from "../errors.ts";
import { type Token, TokenAnswer } from "./keystone_answers.ts";
import { findVersion3 } from "./keystone_discovery.ts";
import type { KeystoneRequest } from "./keystone_request.ts";
import type { KeystoneSettings } from "./keystone_settings.ts";
import type { ServiceSession, ServiceToken } from "./service_session.ts";

/** An answer of Keystone that is not usable; `odd` is for the log. */
interface OddAnswer {
  readonly odd: string;
}

/**
 * Validates a token. Null: Keystone does not know it.
 * Errors: `unavailable` when Keystone does not answer or rejects our login; the message is for the log.
 */
export type ValidateToken = (
  token: string,
  options: { allowExpired: boolean },
) => Promise<Token | OddAnswer | null>;

/** Statuses of a proxy whose Keystone is away. */
const AWAY = [429, 502, 503, 504];

/** Makes the validator for the configured Keystone; sends nothing before the first token. */
export function makeValidateToken(
  settings: KeystoneSettings,
  session: ServiceSession,
  request: KeystoneRequest,
): ValidateToken {
  let endpoint: Promise<string> | null = null;
  const find = async () => {
    const listed = await session.endpoint("identity", settings.interface, settings.region);
    return await findVersion3(listed ?? settings.login.authUrl, request);
  };
  const base = () => endpoint ??= find();
  const ask = async (subject: string, allowExpired: boolean, as: ServiceToken) => {
    const query = [
      ...(settings.includeCatalog ? [] : ["nocatalog"]),
      ...(allowExpired ? ["allow_expired=1"] : []),
    ].join("&");
    return await request(`${await base()}/auth/tokens${query && `?${query}`}`, {
      headers: {
        "x-auth-token": as.id,
        "x-subject-token": subject,
        "openstack-identity-access-rules": "1",
      },
    });
  };
  const validate: ValidateToken = async (subject, { allowExpired }) => {
    const first = await session.token();
    let answer = await ask(subject, allowExpired, first);
    if (answer.status === 401) answer = await ask(subject, allowExpired, await session.token(first));
    if (answer.status === 404) return null;
    const { host } = new URL(await base());
    if (answer.status !== 200) {
      const odd = `Keystone at ${host} answers ${answer.status} to a token's validation.`;
      return AWAY.includes(answer.status) ? fail("unavailable", odd) : { odd };
    }
    const body = v.safeParse(TokenAnswer, answer.body);
    return body.success
      ? body.output.token
      : { odd: `Keystone at ${host} describes a token in an unknown format.` };
  };
  return async (subject, options) => {
    let moved = true; // Keystone may have moved: the next token looks up its endpoint again.
    try {
      const answer = await validate(subject, options);
      moved = answer !== null && "odd" in answer;
      return answer;
    } finally {
      if (moved) endpoint = null;
    }
  };
}

/** An authenticator against a fake Keystone, for tests. */
import type { Authenticator } from "../../src/auth/authenticator.ts";
import { outboundUses } from "../../src/net/outbound_uses.ts";
import { makeAuthenticator } from "../../src/auth/make.ts";
import type { Caller } from "../../src/caller.ts";
import { configFrom } from "../../src/config/config.ts";
import { makeOutbound } from "../../src/net/outbound.ts";

interface TestAuth extends Disposable {
  readonly authenticator: Authenticator;
  readonly log: string[];
  identify(headers: Record<string, string>, request?: Partial<Asked>): Promise<Caller | null>;
}

interface Asked {
  method: string;
  path: string;
  peer: string;
}

/** The options of a service user that logs in at `url`; `more` overrides them. */
export function keystoneOptions(url: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    "paste_deploy.flavor": "keystone",
    "keystone_authtoken.auth_type": "password",
    "keystone_authtoken.auth_url": url,
    "keystone_authtoken.username": "glance",
    "keystone_authtoken.password": "sesame",
    "keystone_authtoken.user_domain_name": "Default",
    "keystone_authtoken.project_name": "service",
    "keystone_authtoken.project_domain_name": "Default",
    ...more,
  };
}

/** Makes the authenticator; `isAdmin` is `role:admin`. */
export async function testAuth(
  options: Record<string, string>,
  tools: { isAdmin?: (caller: Caller) => boolean | Promise<boolean>; now?: () => number } = {},
): Promise<TestAuth> {
  const config = configFrom(options);
  const outbound = makeOutbound({ keystone: outboundUses(config).keystone });
  const log: string[] = [];
  const to = (level: string) => (message: string) => void log.push(`${level} ${message}`);
  try {
    const authenticator = await makeAuthenticator(config, {
      outbound: outbound.fetch,
      isAdmin: (caller) => caller.roles.includes("admin"),
      log: { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") },
      ...tools,
    });
    return {
      authenticator,
      log,
      identify: (headers, request = {}) =>
        authenticator.identify({
          method: "GET",
          path: "/v2/images",
          peer: "127.0.0.1",
          ...request,
          headers: new Headers(headers),
        }),
      [Symbol.dispose]: () => outbound.close(),
    };
  } catch (error) {
    outbound.close();
    throw error;
  }
}

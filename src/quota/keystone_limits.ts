/** Reads limits from Keystone (Identity API v3, unified limits). */
import * as v from "valibot";
import { findVersion3 } from "../auth/keystone_discovery.ts";
import type { KeystoneRequest } from "../auth/keystone_request.ts";
import type { ServiceSession } from "../auth/service_session.ts";
import { fail } from "../errors.ts";
import type { LimitEndpoint, LimitSettings } from "./limit_settings.ts";

const Endpoint = v.object({ service_id: v.string(), region_id: v.nullish(v.string()) });
const EndpointAnswer = v.object({ endpoint: Endpoint });
const EndpointsAnswer = v.object({ endpoints: v.array(Endpoint) });
const ServicesAnswer = v.object({ services: v.array(v.object({ id: v.string() })) });
const RegisteredAnswer = v.object({
  registered_limits: v.array(v.object({ resource_name: v.string(), default_limit: v.number() })),
});
const LimitsAnswer = v.object({
  limits: v.array(v.object({ resource_name: v.string(), resource_limit: v.number() })),
});

type Endpoint = v.InferOutput<typeof Endpoint>;

/** Limits by resource, in Keystone's units: MiB or a count; -1 = unlimited. */
export type Limits = ReadonlyMap<string, number>;

/** Errors of both: `unavailable`; the message is for the log. */
interface KeystoneLimits {
  /** Limits of every project. */
  registered(): Promise<Limits>;
  /** Limits of one project, which replace the registered ones. */
  of(projectId: string): Promise<Limits>;
}

/** Makes the client; sends nothing before the first use. */
export function makeKeystoneLimits(
  settings: LimitSettings,
  session: ServiceSession,
  request: KeystoneRequest,
): KeystoneLimits {
  const places = once(() => findKeystone(settings, session, request));
  const ask = async <T extends v.GenericSchema>(
    path: string,
    query: Record<string, string | null | undefined>,
    schema: T,
  ): Promise<v.InferOutput<T>> => {
    const url = new URL(`${await places()}${path}`);
    for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
    const first = await session.token();
    let answer = await request(url.href, { headers: { "x-auth-token": first.id } });
    if (answer.status === 401) {
      answer = await request(url.href, { headers: { "x-auth-token": (await session.token(first)).id } });
    }
    const what = `Keystone at ${url.host} answers ${answer.status} to GET ${url.pathname}`;
    if (answer.status === 403) fail("unavailable", `${what}: the user of [oslo_limit] may not read limits.`);
    if (answer.status !== 200) fail("unavailable", `${what}.`);
    const body = v.safeParse(schema, answer.body);
    return body.success ? body.output : fail("unavailable", `${what} in an unknown format.`);
  };
  const endpoint = once(() => findEndpoint(settings.endpoint, ask));
  const under = async () => {
    const { service_id, region_id } = await endpoint();
    return { service_id, region_id };
  };
  return {
    registered: async () => {
      const { registered_limits } = await ask("/registered_limits", await under(), RegisteredAnswer);
      return new Map(registered_limits.map((each) => [each.resource_name, each.default_limit]));
    },
    of: async (project_id) => {
      const { limits } = await ask("/limits", { ...await under(), project_id }, LimitsAnswer);
      return new Map(limits.map((each) => [each.resource_name, each.resource_limit]));
    },
  };
}

type Ask = <T extends v.GenericSchema>(
  path: string,
  query: Record<string, string | null | undefined>,
  schema: T,
) => Promise<v.InferOutput<T>>;

async function findKeystone(settings: LimitSettings, session: ServiceSession, request: KeystoneRequest) {
  if (settings.keystoneUrl !== null) return await findVersion3(settings.keystoneUrl, request);
  for (const face of settings.interfaces) {
    const listed = await session.endpoint("identity", face, settings.region);
    if (listed !== null) return await findVersion3(listed, request);
  }
  return await findVersion3(settings.login.authUrl, request);
}

async function findEndpoint(sought: LimitEndpoint, ask: Ask): Promise<Endpoint> {
  if ("id" in sought) {
    return (await ask(`/endpoints/${encodeURIComponent(sought.id)}`, {}, EndpointAnswer)).endpoint;
  }
  const { serviceName: name, serviceType: type, region: region_id, interface: face } = sought;
  const { services } = await ask("/services", { name, type }, ServicesAnswer);
  const { id: service_id } = only(services, `service ${name ?? type}`);
  const { endpoints } = await ask("/endpoints", { service_id, region_id, interface: face }, EndpointsAnswer);
  return only(endpoints, `${face} endpoint of service ${name ?? type} in ${region_id ?? "any region"}`);
}

function only<T>(found: readonly T[], what: string): T {
  if (found.length === 1) return found[0]!;
  return fail("unavailable", `[oslo_limit]: Keystone has ${found.length} times the ${what}, not once.`);
}

/** Keeps the result of `find`; after a failure the next caller tries again. */
function once<T>(find: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | null = null;
  return () =>
    found ??= find().catch((error) => {
      found = null;
      throw error;
    });
}

/** A fake Keystone with the calls that limits need: login, services, endpoints, registered limits, project limits. */
import { tokenBody } from "./fake_keystone.ts";

export interface FakeLimits extends AsyncDisposable {
  readonly url: string;
  /** The requests in the order of arrival, for example `GET /v3/limits?…`. */
  readonly asked: string[];
  readonly logins: Record<string, unknown>[];
  /** Registered limits by resource. */
  readonly registered: Map<string, number>;
  /** Limits of projects: `PROJECT RESOURCE`. */
  readonly own: Map<string, number>;
  state: {
    /** Status of every response except that of the login. */
    status?: number;
    /** Delay of each response in milliseconds. */
    delay: number;
    /** Tokens up to this number are no longer valid. */
    rejectBefore: number;
    /** Region of the image service's endpoints; null = none. */
    region: string | null;
    /** Number of image services. */
    services: number;
    /** Sends text instead of JSON. */
    garbage?: boolean;
  };
}

/** The options of a service that asks this Keystone. */
export function limitOptions(keystone: { url: string }): Record<string, string> {
  return {
    "DEFAULT.use_keystone_limits": "true",
    "oslo_limit.auth_url": `${keystone.url}/v3`,
    "oslo_limit.auth_type": "password",
    "oslo_limit.username": "glance",
    "oslo_limit.password": "sesame",
    "oslo_limit.user_domain_id": "default",
    "oslo_limit.system_scope": "all",
    "oslo_limit.endpoint_id": "public-RegionOne",
  };
}

export function fakeLimits(): FakeLimits {
  const asked: string[] = [];
  const logins: Record<string, unknown>[] = [];
  const registered = new Map<string, number>();
  const own = new Map<string, number>();
  const state: FakeLimits["state"] = { delay: 0, rejectBefore: 0, region: "RegionOne", services: 1 };
  const here = (query: URLSearchParams) =>
    query.get("service_id") === "service-0" && (query.get("region_id") ?? state.region) === state.region;
  const answers: Record<string, (query: URLSearchParams) => unknown> = {
    "/v3/services": (query) => ({
      services: Array.from({ length: state.services }, (_, at) => ({ id: `service-${at}` }))
        .filter(() =>
          [query.get("type") ?? "image", query.get("name") ?? "glance"].join() === "image,glance"
        ),
    }),
    "/v3/endpoints": (query) => ({
      endpoints: here(query) && query.get("interface") === "public"
        ? [{ id: "public-RegionOne", service_id: "service-0", region_id: state.region }]
        : [],
    }),
    "/v3/endpoints/public-RegionOne": () => ({
      endpoint: { id: "public-RegionOne", service_id: "service-0", region_id: state.region },
    }),
    "/v3/registered_limits": (query) => ({
      registered_limits: here(query)
        ? [...registered].map(([resource_name, default_limit]) => ({ resource_name, default_limit }))
        : [],
    }),
    "/v3/limits": (query) => ({
      limits: [...own].map(([key, resource_limit]) => ({ key: key.split(" "), resource_limit }))
        .filter(({ key }) => here(query) && key[0] === query.get("project_id"))
        .map(({ key, resource_limit }) => ({ resource_name: key[1], resource_limit })),
    }),
  };
  const login = async (request: Request) => {
    logins.push(await request.json());
    return Response.json(tokenBody({ user: "glance", system: true, roles: ["reader"] }, []), {
      status: 201,
      headers: { "x-subject-token": `token-${logins.length}` },
    });
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request): Promise<Response> => {
      const url = new URL(request.url);
      if (request.method === "POST" && url.pathname === "/v3/auth/tokens") return await login(request);
      asked.push(`${url.pathname}${url.search}`);
      if (state.delay) await new Promise((done) => setTimeout(done, state.delay));
      const token = Number(/^token-(\d+)$/.exec(request.headers.get("x-auth-token") ?? "")?.[1] ?? 0);
      if (token <= state.rejectBefore) return Response.json({ error: { code: 401 } }, { status: 401 });
      if (state.status) return Response.json({ error: {} }, { status: state.status });
      if (state.garbage) return new Response("<html>It works!</html>");
      const answer = answers[url.pathname];
      return answer ? Response.json(answer(url.searchParams)) : new Response("no such page", { status: 404 });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    logins,
    registered,
    own,
    state,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

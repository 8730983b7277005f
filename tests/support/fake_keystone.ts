/** A fake Keystone: versions, POST and GET /v3/auth/tokens, with a switch for each way it can fail. */

/** A token this Keystone knows. */
export interface FakeToken {
  user?: string;
  project?: string | null;
  domain?: string;
  system?: boolean;
  roles?: readonly string[];
  expiresAt?: number;
  accessRules?: readonly { service: string; method: string; path: string }[];
  isAdminProject?: boolean;
  catalog?: boolean;
}

/** One request as it came in. */
interface Seen {
  method: string;
  path: string;
  query: string;
  headers: Headers;
  body: string;
}

export interface FakeKeystone extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly seen: Seen[];
  readonly tokens: Map<string, FakeToken>;
  /** Switches. */
  state: {
    /** Status of each token validation; undefined = the normal response. */
    validateStatus?: number;
    /** Status of each login. */
    loginStatus?: number;
    /** Sends text instead of a token's JSON. */
    garbage?: boolean;
    /** Service tokens up to this number are no longer valid. */
    rejectBefore: number;
    /** Href of v3 in the list of versions. */
    v3Href?: string;
    /** Status of the root page instead of the list of versions. */
    rootStatus?: number;
    /** Identity endpoints in the service user's catalog. */
    identityEndpoints: { interface: string; region: string; url: string }[];
    /** Lifetime of service tokens in milliseconds. */
    serviceLifetime: number;
    /** Delay of each response in milliseconds. */
    delay: number;
    /** Responses wait for this promise. */
    hold?: Promise<void>;
    /** Responses begin and then send nothing more. */
    dribble?: boolean;
  };
  validations(): Seen[];
  logins(): Seen[];
}

const named = (id: string) => ({ id: `${id}-id`, name: id, domain: { id: "default", name: "Default" } });

export function tokenBody(token: FakeToken, catalog: unknown[]): unknown {
  return {
    token: {
      methods: ["password"],
      user: named(token.user ?? "demo"),
      ...(token.project === null || token.domain || token.system
        ? {}
        : { project: named(token.project ?? "demo-project") }),
      ...(token.domain ? { domain: { id: `${token.domain}-id`, name: token.domain } } : {}),
      ...(token.system ? { system: { all: true } } : {}),
      roles: (token.roles ?? ["member", "reader"]).map((name) => ({ id: `${name}-id`, name })),
      ...(token.isAdminProject === undefined ? {} : { is_admin_project: token.isAdminProject }),
      ...(token.accessRules === undefined ? {} : {
        application_credential: { id: "ac", name: "ac", restricted: true, access_rules: token.accessRules },
      }),
      expires_at: new Date(token.expiresAt ?? Date.now() + 3_600_000).toISOString(),
      issued_at: new Date().toISOString(),
      audit_ids: ["x"],
      ...(token.catalog === false ? {} : { catalog }),
    },
  };
}

export function fakeKeystone(options: { port?: number } = {}): FakeKeystone {
  const seen: Seen[] = [];
  const tokens = new Map<string, FakeToken>();
  const state: FakeKeystone["state"] = {
    rejectBefore: 0,
    identityEndpoints: [],
    serviceLifetime: 3_600_000,
    delay: 0,
  };
  let handedOut = 0;
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: options.port ?? 0, onListen() {} },
    async (request): Promise<Response> => {
      const url = new URL(request.url);
      seen.push({
        method: request.method,
        path: url.pathname,
        query: url.search,
        headers: request.headers,
        body: await request.text(),
      });
      if (state.delay) await new Promise((done) => setTimeout(done, state.delay));
      await state.hold;
      if (state.dribble) {
        const start = new TextEncoder().encode("{");
        return new Response(new ReadableStream({ start: (controller) => controller.enqueue(start) }));
      }
      if (url.pathname === "/") return root();
      if (url.pathname === "/v3/auth/tokens" && request.method === "POST") return login(seen.at(-1)!.body);
      if (url.pathname === "/v3/auth/tokens") return validate(request, url);
      return new Response("no such page", { status: 404 });
    },
  );
  const port = server.addr.port;
  const base = `http://127.0.0.1:${port}`;
  const imageService = () => ({
    type: "image",
    name: "glance",
    endpoints: [{
      id: "1",
      interface: "public",
      region: "RegionOne",
      region_id: "RegionOne",
      url: "http://image",
    }],
  });
  const root = () => {
    if (state.rootStatus) return new Response("nothing here", { status: state.rootStatus });
    const href = state.v3Href ?? `${base}/v3/`;
    const version = { id: "v3.14", status: "stable", links: [{ rel: "self", href }] };
    return Response.json({ versions: { values: [version] } }, { status: 300 });
  };
  const login = (text: string) => {
    if (state.loginStatus) return Response.json({ error: {} }, { status: state.loginStatus });
    const identity = JSON.parse(text).auth.identity;
    const secret = identity.password?.user.password ?? identity.application_credential?.secret;
    if (secret !== "sesame") return Response.json({ error: { code: 401 } }, { status: 401 });
    const catalog = [{ type: "identity", name: "keystone", endpoints: state.identityEndpoints }];
    const expiresAt = Date.now() + state.serviceLifetime;
    return Response.json(
      tokenBody({ user: "glance", project: "service", roles: ["service"], expiresAt }, catalog),
      {
        status: 201,
        headers: { "x-subject-token": `service-${++handedOut}` },
      },
    );
  };
  const validate = (request: Request, url: URL) => {
    if (state.validateStatus) return Response.json({ error: {} }, { status: state.validateStatus });
    const asker = Number(/^service-(\d+)$/.exec(request.headers.get("x-auth-token") ?? "")?.[1] ?? 0);
    if (asker <= state.rejectBefore) return Response.json({ error: { code: 401 } }, { status: 401 });
    const token = tokens.get(request.headers.get("x-subject-token") ?? "");
    const expired = (token?.expiresAt ?? Infinity) <= Date.now() && !url.searchParams.has("allow_expired");
    if (token === undefined || expired) return Response.json({ error: { code: 404 } }, { status: 404 });
    if (state.garbage) return new Response("<html>It works!</html>");
    const body = url.searchParams.has("nocatalog") ? { ...token, catalog: false } : token;
    return Response.json(tokenBody(body, [imageService()]));
  };
  return {
    url: base,
    port,
    seen,
    tokens,
    state,
    validations: () => seen.filter((each) => each.method === "GET" && each.path === "/v3/auth/tokens"),
    logins: () => seen.filter((each) => each.method === "POST"),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

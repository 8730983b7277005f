/** A fake Barbican with the one call that certificates of images need: `GET /v1/secrets/{id}/payload`. */

interface FakeBarbican extends AsyncDisposable {
  url: string;
  /** Payloads by id. */
  readonly secrets: Map<string, Uint8Array>;
  /** `path token` of each request, in the order of arrival. */
  readonly asked: string[];
  /** The only token that it accepts. */
  token: string;
}

/** The `Accept` values that Barbican knows; it compares the whole text (barbican/plugin/util/mime_types.py). */
const TYPES = ["application/octet-stream", "application/pkcs8", "text/plain", "*/*"];

export function fakeBarbican(): FakeBarbican {
  const secrets = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const token = request.headers.get("x-auth-token");
    asked.push(`${pathname} ${token}`);
    if (token !== barbican.token) return new Response("unauthorized", { status: 401 });
    if (!TYPES.includes(request.headers.get("accept") ?? TYPES[0]!)) {
      return new Response('{"title": "Not Acceptable"}', { status: 406 });
    }
    const payload = secrets.get(/^\/v1\/secrets\/([^/]+)\/payload$/.exec(pathname)?.[1] ?? "");
    return payload
      ? new Response(payload as BodyInit, { headers: { "content-type": "application/octet-stream" } })
      : new Response('{"title": "Not Found"}', { status: 404 });
  });
  const barbican: FakeBarbican = {
    url: `http://127.0.0.1:${server.addr.port}`,
    secrets,
    asked,
    token: "t0",
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return barbican;
}

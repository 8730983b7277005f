import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { CAN_NODE } from "../../src/net/node_fetch.ts";
import { makeOutbound } from "../../src/net/outbound.ts";
import { HttpStore } from "../../src/stores/http.ts";
import { code, random, sameBytes } from "../stores/bodies.ts";
import { get } from "../stores/suite.ts";
import { outboundUses } from "../../src/net/outbound_uses.ts";
import { TEST_CA, TEST_CERT, TEST_KEY } from "../support/tls.ts";

const BYTES = random(300_000);
const seen: { url: string; method: string; headers: Headers }[] = [];

function answer(request: Request): Response {
  seen.push({ url: request.url, method: request.method, headers: new Headers(request.headers) });
  const url = new URL(request.url);
  const to = (status: number, location?: string) =>
    new Response(null, { status, headers: location === undefined ? {} : { location } });
  const [, kind, rest] = url.pathname.split("/");
  switch (kind) {
    case "img":
      return ranged(request.headers.get("range"));
    case "plain":
      return new Response(BYTES);
    case "unsized":
      return new Response(new Blob([BYTES]).stream());
    case "hops":
      return to(302, rest === "0" ? `${url.origin}/img` : `${url.origin}/hops/${Number(rest) - 1}`);
    case "status":
      return to(Number(rest), url.searchParams.get("to") ?? undefined);
  }
  return to(404);
}

function ranged(range: string | null): Response {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
  if (match === null) return new Response(BYTES, { headers: { "content-length": String(BYTES.length) } });
  const [start, end] = [Number(match[1]), match[2] === "" ? BYTES.length : Number(match[2]) + 1];
  if (start >= BYTES.length) return new Response(null, { status: 416 });
  const headers = { "content-range": `bytes ${start}-${Math.min(end, BYTES.length) - 1}/${BYTES.length}` };
  return new Response(BYTES.slice(start, end), { status: 206, headers });
}

async function withStore(run: (store: HttpStore, origin: string) => Promise<void>): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  const outbound = makeOutbound({ location: { connectTimeoutMs: 5000 } });
  seen.length = 0;
  try {
    const options = { id: null, description: null, weight: 0 };
    await run(new HttpStore(options, outbound.fetch), `http://127.0.0.1:${server.addr.port}`);
  } finally {
    outbound.close();
    await server.shutdown();
  }
}

Deno.test("http store: reads, sizes, takes ranges", () =>
  withStore(async (store, origin) => {
    const whole = await store.read(`${origin}/img?sig=1#part`);
    assert.equal(whole.length, BYTES.length);
    sameBytes(await new Response(whole.body).bytes(), BYTES);
    assert.equal(seen[0]!.url, `${origin}/img?sig=1`);
    assert.equal(seen[0]!.headers.get("accept-encoding"), "identity");
    assert.equal(await store.size(`${origin}/img`), BYTES.length);
    assert.equal(seen[1]!.method, "HEAD");

    const part = await store.read(`${origin}/img`, { offset: 10, length: 5 });
    assert.deepEqual([part.length, part.size], [5, BYTES.length]);
    sameBytes(await new Response(part.body).bytes(), BYTES.slice(10, 15));
    sameBytes(await get(store, `${origin}/img`, 299_000), BYTES.slice(299_000));

    const unsized = await store.read(`${origin}/unsized`);
    assert.equal(unsized.length, null);
    await unsized.body.cancel();
    assert.equal(await store.size(`${origin}/unsized`), 0);
  }));

Deno.test("http store: a server without ranges, a range beyond the end", () =>
  withStore(async (store, origin) => {
    assert.equal(
      await code(store.read(`${origin}/plain`, { offset: 1 })),
      "store_random_get_not_supported",
    );
    assert.equal(await code(store.read(`${origin}/img`, { offset: 300_000 })), "range_not_satisfiable");
  }));

Deno.test("http store: credentials go with the request and not with a redirect", () =>
  withStore(async (store, origin) => {
    const url = `${origin}/hops/0`.replace("//", "//user:pass@");
    sameBytes(await get(store, url), BYTES);
    assert.deepEqual(seen.map(({ headers }) => headers.get("authorization")), [
      `Basic ${btoa("user:pass")}`,
      null,
    ]);
  }));

Deno.test("http store: four redirects are followed, 301 and 302 to absolute addresses only", () =>
  withStore(async (store, origin) => {
    sameBytes(await get(store, `${origin}/hops/3`), BYTES);
    assert.equal(seen.length, 5);
    assert.equal(await code(store.read(`${origin}/hops/4`)), "internal");
    assert.equal(seen.length, 10);
    sameBytes(await get(store, `${origin}/status/301?to=${origin}/img`), BYTES);
    for (const status of [303, 307, 308]) {
      assert.equal(await code(store.read(`${origin}/status/${status}?to=${origin}/img`)), "store_bad_uri");
    }
    assert.equal(await code(store.read(`${origin}/status/302`)), "internal");
    assert.equal(await code(store.read(`${origin}/status/302?to=/img`)), "store_bad_uri");
    assert.equal(await code(store.read(`${origin}/status/302?to=file:///etc/passwd`)), "store_bad_uri");
  }));

Deno.test("http store: failures by their names", () =>
  withStore(async (store, origin) => {
    assert.equal(await code(store.read(`${origin}/none`)), "store_not_found");
    assert.equal(await code(store.size(`${origin}/none`)), "store_not_found");
    for (const status of [403, 410, 500]) {
      assert.equal(await code(store.read(`${origin}/status/${status}`)), "store_bad_uri");
    }
    // A port that was free a moment ago.
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const closed = `http://127.0.0.1:${listener.addr.port}/x`;
    listener.close();
    assert.equal(await code(store.read(closed)), "store_remote_unavailable");
    assert.equal(await code(store.size(closed)), "store_bad_uri");
    const before = seen.length;
    for (
      const url of [
        "http://",
        "http:///x",
        "http://user@h/",
        "http://a:b:c@h/",
        "http://h:x/",
        "ftp://h/",
        "http://%zz:b@h/",
      ]
    ) {
      assert.equal(await code(store.read(url)), "store_bad_uri", url);
    }
    assert.equal(seen.length, before);
    assert.equal(await code(store.open()), "store_add_disabled");
    assert.equal(await code(store.delete()), "store_delete_not_supported");
  }));

Deno.test("http store: which certificates are believed", async (t) => {
  const tls = { cert: TEST_CERT, key: TEST_KEY };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, ...tls, onListen() {} }, answer);
  const caFile = await Deno.makeTempFile({ prefix: "ca-" });
  await Deno.writeTextFile(caFile, TEST_CA);
  const several = {
    "DEFAULT.enabled_backends": "disk:file,web:http",
    "glance_store.default_backend": "disk",
  };
  const rows: [options: Record<string, string>, read: boolean][] = [
    [{}, true],
    [{ "glance_store.https_insecure": "false" }, false],
    [{ "glance_store.https_insecure": "false", "glance_store.https_ca_certificates_file": caFile }, true],
    [several, true],
    [{ ...several, "web.https_insecure": "false" }, false],
    [{ ...several, "glance_store.https_insecure": "false" }, true],
    [{ ...several, "web.https_insecure": "false", "web.https_ca_certificates_file": caFile }, true],
  ];
  for (const [options, read] of rows) {
    const name = `${JSON.stringify(options).replace(caFile, "ca")}: ${read}`;
    // Deno 2.4 cannot skip the check of a certificate.
    const ignore = !CAN_NODE && read && !Object.values(options).includes(caFile);
    const fn = async () => {
      const location = { ...outboundUses(configFrom(options)).location, guard: undefined };
      const outbound = makeOutbound({ location });
      const store = new HttpStore({ id: null, description: null, weight: 0 }, outbound.fetch);
      const url = `https://localhost:${server.addr.port}/img`;
      if (read) sameBytes(await get(store, url), BYTES);
      else assert.equal(await code(store.read(url)), "store_remote_unavailable");
      outbound.close();
    };
    await t.step({ name, ignore, fn });
  }
  await Deno.remove(caFile);
  await server.shutdown();
});

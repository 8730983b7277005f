import assert from "node:assert/strict";
import * as https from "node:https";
import { fail, isError } from "../../src/errors.ts";
import { CAN_NODE } from "../../src/net/node_fetch.ts";
import { makeOutbound, type OutboundFetch, type OutboundOptions } from "../../src/net/outbound.ts";
import { TEST_CA, TEST_CERT, TEST_KEY } from "../support/tls.ts";

/** Deno 2.4 can neither skip certificates nor connect HTTPS to an address. */
const ignore = !CAN_NODE;
const LIMIT = { connectTimeoutMs: 5_000 };

type Handler = (request: Request) => Response | Promise<Response>;

async function withServer(
  handler: Handler,
  test: (origin: { http: string; https: string; port: number; securePort: number }) => Promise<void>,
): Promise<void> {
  const quiet = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const plain = Deno.serve(quiet, handler);
  const secure = Deno.serve({ ...quiet, cert: TEST_CERT, key: TEST_KEY }, handler);
  const ports = { port: plain.addr.port, securePort: secure.addr.port };
  try {
    await test({
      http: `http://127.0.0.1:${ports.port}`,
      https: `https://localhost:${ports.securePort}`,
      ...ports,
    });
  } finally {
    await Promise.all([plain.shutdown(), secure.shutdown()]);
  }
}

async function withOutbound(
  options: OutboundOptions,
  test: (fetch: OutboundFetch) => Promise<void>,
): Promise<void> {
  const outbound = makeOutbound({ location: options });
  try {
    await test(outbound.fetch);
  } finally {
    outbound.close();
  }
}

async function withFile(text: string, test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const echo: Handler = async (request) =>
  Response.json({
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  });

const pin = (address: string | null) => ({
  ...LIMIT,
  guard: () => Promise.resolve(address === null ? null : [address]),
});

// Every behaviour holds for both ways a request can take: `fetch`, and node's for pinned addresses.
for (const [way, options] of [["fetch", LIMIT], ["pinned", pin("127.0.0.1")]] as const) {
  Deno.test(`${way}: method, query, headers and body arrive`, () =>
    withServer(echo, ({ http }) =>
      withOutbound(options, async (fetch) => {
        const response = await fetch(new URL(`${http}/a%20b?q=1`), {
          use: "location",
          method: "POST",
          headers: { "x-test": "yes", "content-type": "application/json" },
          body: "{}",
        });
        assert.equal(response.status, 200);
        const seen = await response.json();
        assert.equal(seen.method, "POST");
        assert.equal(seen.url, `${http}/a%20b?q=1`);
        assert.equal(seen.body, "{}");
        assert.equal(seen.headers["x-test"], "yes");
        assert.equal(seen.headers["content-length"], "2");
        assert.equal(seen.headers["accept-encoding"], "identity");
      })));

  Deno.test(`${way}: a body that streams`, () =>
    withServer(echo, ({ http }) =>
      withOutbound(options, async (fetch) => {
        const body = ReadableStream.from(["one ", "two"]).pipeThrough(new TextEncoderStream());
        const response = await fetch(new URL(http), { use: "location", method: "PUT", body });
        assert.equal((await response.json()).body, "one two");
      })));

  Deno.test(`${way}: a large answer arrives whole`, () =>
    withServer(
      () => new Response(new Uint8Array(5_000_000).fill(7)),
      ({ http }) =>
        withOutbound(options, async (fetch) => {
          const response = await fetch(new URL(http), { use: "location" });
          assert.equal(response.headers.get("content-length"), "5000000");
          const bytes = await response.bytes();
          assert.equal(bytes.length, 5_000_000);
          assert.ok(bytes.every((byte) => byte === 7));
        }),
    ));

  Deno.test(`${way}: redirects are not followed`, () =>
    withServer(
      () => new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }),
      ({ http }) =>
        withOutbound(options, async (fetch) => {
          const response = await fetch(new URL(http), { use: "location", redirect: "follow" });
          assert.equal(response.status, 302);
          assert.equal(response.headers.get("location"), "http://169.254.169.254/");
          await response.body?.cancel();
        }),
    ));

  Deno.test(`${way}: 204 has no body`, () =>
    withServer(
      () => new Response(null, { status: 204 }),
      ({ http }) =>
        withOutbound(options, async (fetch) => {
          const response = await fetch(new URL(http), { use: "location" });
          assert.equal(response.status, 204);
          assert.equal(response.body, null);
        }),
    ));

  Deno.test(`${way}: refused is unavailable, and the error shows no credential`, () =>
    withServer(echo, async ({ port }) => {
      const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port: free } = gone.addr;
      gone.close();
      assert.notEqual(free, port);
      await withOutbound(options, async (fetch) => {
        await assert.rejects(
          fetch(new URL(`http://me:topsecret@127.0.0.1:${free}/x?signature=topsecret`), { use: "location" }),
          (error) =>
            isError(error, "unavailable") &&
            error.message === `127.0.0.1:${free} cannot be reached: connection refused.`,
        );
      });
    }));

  Deno.test(`${way}: user and password of the URL go into a header`, () =>
    withServer(echo, ({ port }) =>
      withOutbound(options, async (fetch) => {
        const response = await fetch(new URL(`http://me:p%C3%A4ss@127.0.0.1:${port}/`), { use: "location" });
        const { authorization } = (await response.json()).headers;
        assert.equal(
          authorization,
          `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("me:päss")))}`,
        );
      })));

  Deno.test(`${way}: no answer in time is unavailable`, async () => {
    const done = Promise.withResolvers<void>();
    await withServer(
      () => done.promise.then(() => new Response("late")),
      ({ http, port }) =>
        withOutbound({ ...options, connectTimeoutMs: 100 }, async (fetch) => {
          await assert.rejects(
            fetch(new URL(http), { use: "location" }),
            (error) =>
              isError(error, "unavailable") &&
              error.message === `127.0.0.1:${port} cannot be reached: no answer in time.`,
          );
          done.resolve();
        }),
    );
  });

  Deno.test(
    `${way}: a body may take longer than the head, but not longer than the whole`,
    async () => {
      const slow: Handler = () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await new Promise((wake) => setTimeout(wake, 120));
              try {
                controller.enqueue(new Uint8Array(1000));
              } catch { /* the reader has gone */ }
            },
          }),
        );
      await withServer(
        slow,
        ({ http }) =>
          withOutbound({ ...options, connectTimeoutMs: 300, totalTimeoutMs: 900 }, async (fetch) => {
            const response = await fetch(new URL(http), { use: "location" });
            const start = performance.now();
            let bytes = 0;
            await assert.rejects(async () => {
              for await (const chunk of response.body!) bytes += chunk.length;
            });
            assert.ok(performance.now() - start > 400, "cut by the head's limit");
            assert.ok(bytes >= 2000);
            // The server's last wait: Deno 2.4 would call it a leak.
            await new Promise((wake) => setTimeout(wake, 150));
          }),
      );
    },
  );

  Deno.test(`${way}: an answer to HEAD has no body, whatever its length says`, () =>
    withServer(() => new Response("four"), ({ http }) =>
      withOutbound(options, async (fetch) => {
        const response = await fetch(new URL(http), { use: "location", method: "HEAD" });
        assert.equal(response.headers.get("content-length"), "4");
        assert.equal(await response.text(), "");
      })));

  Deno.test(`${way}: an answer nobody reads can be given up`, async () => {
    const stop = new AbortController();
    await withServer(
      () => new Response(new Uint8Array(5_000_000)),
      ({ http }) =>
        withOutbound(options, async (fetch) => {
          const response = await fetch(new URL(http), { use: "location", signal: stop.signal });
          stop.abort(new Error("enough"));
          await assert.rejects(response.text(), /enough/);
          const other = await fetch(new URL(http), { use: "location" });
          await other.body?.cancel();
        }),
    );
  });

  Deno.test(`${way}: an answer that is cut short is an error`, async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(
        new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes."),
      );
      connection.close();
    })();
    await withOutbound(options, async (fetch) => {
      const response = await fetch(new URL(`http://127.0.0.1:${listener.addr.port}/`), { use: "location" });
      await assert.rejects(response.text());
    });
    await serving;
    listener.close();
  });

  Deno.test(`${way}: the caller can give up`, async () => {
    const done = Promise.withResolvers<void>();
    await withServer(
      () => done.promise.then(() => new Response("late")),
      ({ http }) =>
        withOutbound(options, async (fetch) => {
          const stop = new AbortController();
          const reason = new Error("enough");
          const pending = fetch(new URL(http), { use: "location", signal: stop.signal });
          setTimeout(() => stop.abort(reason), 50);
          await assert.rejects(pending, (error) => error === reason);
          done.resolve();
        }),
    );
  });
}

Deno.test(
  "TLS: an unknown authority is not trusted, a configured one is, insecure trusts all",
  { ignore },
  () =>
    withServer(echo, ({ https: origin, securePort }) =>
      withFile(TEST_CA, async (caFile) => {
        await withOutbound(LIMIT, async (fetch) => {
          await assert.rejects(
            fetch(new URL(origin), { use: "location" }),
            (error) =>
              isError(error, "unavailable") &&
              error.message === `localhost:${securePort} cannot be reached: the certificate is not trusted.`,
          );
        });
        await withOutbound({ ...LIMIT, caFile }, async (fetch) => {
          const response = await fetch(new URL(origin), { use: "location" });
          assert.equal((await response.json()).url, `${origin}/`);
        });
        await withOutbound({ ...LIMIT, insecure: true }, async (fetch) => {
          const response = await fetch(new URL(`https://127.0.0.1:${securePort}/v3`), { use: "location" });
          assert.equal(response.status, 200);
          await response.body?.cancel();
        });
      })),
);

Deno.test(
  "TLS: a pinned address keeps the name in Host and in the certificate's check",
  { ignore },
  () =>
    withServer(
      echo,
      ({ securePort }) =>
        withFile(TEST_CA, (caFile) =>
          withOutbound({ ...pin("127.0.0.1"), caFile }, async (fetch) => {
            const response = await fetch(new URL(`https://pinned.example:${securePort}/x`), {
              use: "location",
            });
            assert.equal((await response.json()).url, `https://pinned.example:${securePort}/x`);
            await assert.rejects(
              fetch(new URL(`https://other.example:${securePort}/x`), { use: "location" }),
              (error) =>
                isError(error, "unavailable") &&
                error.message.includes("the certificate is for another name"),
            );
          })),
    ),
);

Deno.test("TLS: a client certificate is shown", { ignore }, async () => {
  const server = https.createServer(
    { cert: TEST_CERT, key: TEST_KEY, ca: TEST_CA, requestCert: true, rejectUnauthorized: true },
    (_request, response) => response.end("known"),
  );
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const { port } = server.address() as { port: number };
  try {
    await withFile(TEST_CA, (caFile) =>
      withFile(`${TEST_CERT}${TEST_KEY}`, async (certFile) => {
        for (const more of [{ caFile }, { insecure: true }]) {
          await withOutbound({ ...LIMIT, ...more, certFile }, async (fetch) => {
            const response = await fetch(new URL(`https://localhost:${port}/`), { use: "location" });
            assert.equal(await response.text(), "known");
          });
        }
        await withOutbound({ ...LIMIT, caFile }, async (fetch) => {
          await assert.rejects(fetch(new URL(`https://localhost:${port}/`), { use: "location" }));
        });
      }));
  } finally {
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    server.closeAllConnections();
    await closed.promise;
  }
});

Deno.test("a guard refuses before anything is sent", () => {
  let asked = 0;
  return withServer(
    () => (asked++, new Response("x")),
    ({ http }) =>
      withOutbound({ ...LIMIT, guard: () => fail("forbidden", "not there") }, async (fetch) => {
        await assert.rejects(
          fetch(new URL(http), { use: "location" }),
          (error) => isError(error, "forbidden") && error.message === "not there",
        );
        assert.equal(asked, 0);
      }),
  );
});

Deno.test("a pinned address is the one connected to, whatever the name resolves to", () =>
  withServer(echo, ({ port }) =>
    withOutbound(pin("127.0.0.1"), async (fetch) => {
      const response = await fetch(new URL(`http://does-not-exist.invalid:${port}/`), { use: "location" });
      assert.equal((await response.json()).url, `http://does-not-exist.invalid:${port}/`);
    })));

Deno.test("a use that is not set up is refused", async () => {
  const outbound = makeOutbound({ keystone: LIMIT });
  await assert.rejects(
    outbound.fetch(new URL("http://127.0.0.1:1/"), { use: "import" }),
    (error) => isError(error, "internal"),
  );
  outbound.close();
});

for (
  const [name, options] of [
    ["no such CA file", { caFile: "/does/not/exist.pem" }],
    ["no such certificate", { certFile: "/does/not/exist.pem" }],
  ] as const
) {
  Deno.test(`${name} is a configuration error that names the file`, () => {
    assert.throws(
      () => makeOutbound({ keystone: { ...LIMIT, ...options } }),
      (error) => isError(error, "config") && error.message.includes("/does/not/exist.pem"),
    );
  });
}

Deno.test("a certificate without its key is a configuration error", () =>
  withFile(TEST_CERT, (certFile) => {
    assert.throws(
      () => makeOutbound({ keystone: { ...LIMIT, certFile } }),
      (error) => isError(error, "config"),
    );
    return Promise.resolve();
  }));

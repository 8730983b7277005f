/** URLs that must never be asked for on behalf of a user. */
import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import type { Deps } from "../../src/deps.ts";
import { isError } from "../../src/errors.ts";
import { checkImportUri, fetchSource } from "../../src/imports/fetch_source.ts";
import { makeGuard } from "../../src/net/guard.ts";
import { makeOutbound, type OutboundFetch } from "../../src/net/outbound.ts";
import { OWNER, startService } from "../support/service.ts";

const PORTS = { "import_filtering_opts.allowed_ports": "[]" };

type Parts = Pick<Deps, "config" | "outbound" | "importGuard">;

const NAMES: Record<string, string[]> = {
  "public.example": ["93.184.216.34"],
  "private.example": ["10.1.2.3"],
  "mixed.example": ["93.184.216.34", "127.0.0.1"],
  "v6.example": ["fd00::1"],
  "mapped.example": ["::ffff:127.0.0.1"],
};

/** A resolver of known names; others do not exist. */
async function resolve(name: string): Promise<string[]> {
  return await Promise.resolve(NAMES[name] ?? Promise.reject(new Error("no such name")));
}

function parts(outbound: OutboundFetch, allowed: string[] = [], options: Record<string, string> = {}): Parts {
  const importGuard = makeGuard("user", { allowedNetworks: allowed, resolve });
  return { config: configFrom({ ...PORTS, ...options }), outbound, importGuard };
}

const NEVER: OutboundFetch = (url) => Promise.reject(new Error(`asked ${url}`));

const REFUSED = [
  "",
  "nonsense",
  "http://",
  "http:///x",
  "http://127.0.0.1/",
  "http://127.0.0.1:8080/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0177.1/",
  "http://0177.0.0.1/",
  "http://127.1/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[::]/",
  "http://0.0.0.0/",
  "http://0/",
  "http://169.254.169.254/latest/meta-data",
  "http://10.0.0.1/",
  "http://172.16.0.1/",
  "http://192.168.1.1/",
  "http://100.64.0.1/",
  "http://224.0.0.1/",
  "http://255.255.255.255/",
  "http://[fe80::1]/",
  "http://[fd00::1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://private.example/",
  "http://mixed.example/",
  "http://v6.example/",
  "http://mapped.example/",
  "http://unknown.example/",
  "file:///etc/passwd",
  "ftp://public.example/x",
  "gopher://public.example/x",
  "http://user:pass@public.example/",
  "http://user@public.example/",
  "http://public.example@127.0.0.1/",
  "http://public.example/\r\nX: y",
  "http://public.example/ x",
  "http://public.example\\@127.0.0.1/",
  "http://public.example:80:80/",
  "http://[public.example]/",
  "http://①②⑦.0.0.1/",
];

Deno.test("URLs that do not pass", async (t) => {
  for (const uri of REFUSED) {
    await t.step(JSON.stringify(uri), async () => {
      await assert.rejects(
        checkImportUri(parts(NEVER), uri),
        (error) => isError(error, "bad_request") && error.message.includes("does not pass filtering"),
      );
    });
  }
});

Deno.test("URLs that pass", async () => {
  for (
    const uri of [
      "http://public.example/x?y=1#z",
      "https://public.example/",
      "http://93.184.216.34/",
      "http://public.example:80/",
    ]
  ) {
    await checkImportUri(parts(NEVER), uri);
  }
});

Deno.test("schemes, hosts and ports by allow and deny lists", async (t) => {
  const rows: [Record<string, string>, string, boolean][] = [
    [{ allowed_ports: "[80,443]" }, "http://public.example:8080/", false],
    [{ allowed_ports: "[80,443]" }, "http://public.example/", true],
    [{ allowed_ports: "[]", disallowed_ports: "[8080]" }, "http://public.example:8080/", false],
    [{ allowed_ports: "[8080]", disallowed_ports: "[8080]" }, "http://public.example:8080/", true],
    [{ allowed_hosts: "[other.example]" }, "http://public.example/", false],
    [{ allowed_hosts: "[public.example]" }, "http://PUBLIC.example/", true],
    [{ disallowed_hosts: "[public.example]" }, "http://public.example/", false],
    [{ allowed_schemes: "[https]" }, "http://public.example/", false],
    [{ allowed_schemes: "[]", disallowed_schemes: "[http]" }, "http://public.example/", false],
    [{ allowed_schemes: "[]" }, "ftp://public.example/", false],
  ];
  for (const [lists, uri, passes] of rows) {
    await t.step(`${JSON.stringify(lists)} ${uri}`, async () => {
      const options = Object.fromEntries(
        Object.entries(lists).map(([name, text]) => [`import_filtering_opts.${name}`, text]),
      );
      const check = checkImportUri(parts(NEVER, [], options), uri);
      if (passes) await check;
      else await assert.rejects(check, (error) => isError(error, "bad_request"));
    });
  }
});

Deno.test("a redirect to a forbidden target is not followed", async (t) => {
  for (
    const target of [
      "http://127.0.0.1/",
      "http://2130706433/",
      "http://[::1]/",
      "http://private.example/",
      "file:///etc/passwd",
      "http://169.254.169.254/",
    ]
  ) {
    await t.step(target, async () => {
      const asked: string[] = [];
      const outbound: OutboundFetch = (url) => {
        asked.push(url.href);
        return Promise.resolve(new Response(null, { status: 302, headers: { location: target } }));
      };
      await assert.rejects(
        fetchSource(parts(outbound), "http://public.example/", new AbortController().signal),
        (error) => isError(error, "bad_request"),
      );
      assert.deepEqual(asked, ["http://public.example/"]);
    });
  }
});

Deno.test("redirects without end are given up", async () => {
  let asked = 0;
  const outbound: OutboundFetch = () => {
    asked++;
    return Promise.resolve(new Response(null, { status: 302, headers: { location: "/again" } }));
  };
  await assert.rejects(fetchSource(parts(outbound), "http://public.example/", new AbortController().signal));
  assert.equal(asked, 6);
});

Deno.test("a name that changes its mind is connected to where it was checked", async () => {
  const seen: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(request.headers.get("host")!);
    return new Response("data");
  });
  let answers = 0;
  const importGuard = makeGuard("user", {
    allowedNetworks: ["127.0.0.1"],
    // Good the first time; a second look-up would lead elsewhere.
    resolve: () => Promise.resolve(answers++ < 2 ? ["127.0.0.1"] : ["10.0.0.1"]),
  });
  const outbound = await makeOutbound({ import: { connectTimeoutMs: 5000, guard: importGuard } });
  try {
    const uri = `http://rebind.example:${server.addr.port}/`;
    const source = await fetchSource(
      { config: configFrom(PORTS), outbound: outbound.fetch, importGuard },
      uri,
      new AbortController().signal,
    );
    assert.equal(await new Response(source.body).text(), "data");
    assert.deepEqual(seen, [`rebind.example:${server.addr.port}`]);
    await assert.rejects(
      outbound.fetch(new URL(uri), { use: "import" }),
      (error) => isError(error, "bad_request"),
    );
  } finally {
    outbound.close();
    await server.shutdown();
  }
});

Deno.test("a location of the http store may not lead inside either", async () => {
  await using service = await startService({
    "glance_store.stores": "file,http",
    "DEFAULT.show_multiple_locations": "true",
    "oneglance.outbound_allowed_networks": "",
  });
  let asked = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return new Response("secret");
  });
  try {
    const { id } = await service.create(OWNER, { disk_format: "raw", container_format: "bare" });
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const answer = await service.patch(id, OWNER, [{
      op: "add",
      path: "/locations/-",
      value: { url, metadata: {} },
    }]);
    assert.equal(answer.status, 400);
    assert.equal(asked, 0);
  } finally {
    await server.shutdown();
  }
});

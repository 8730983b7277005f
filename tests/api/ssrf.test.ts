/** URLs that must never be asked for on behalf of a user. */
import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import type { Deps } from "../../src/deps.ts";
import { isError } from "../../src/errors.ts";
import { checkImportUri, fetchSource } from "../../src/imports/fetch_source.ts";
import { type GuardOptions, guardOptions, makeUriFilter, type UriFilter } from "../../src/net/guard.ts";
import { makeOutbound, type OutboundFetch } from "../../src/net/outbound.ts";
import { maskUrl } from "../../src/observe/mask.ts";
import { recordLog } from "../support/logged.ts";

type Parts = Pick<Deps, "outbound" | "uriFilter">;

const NAMES: Record<string, string[]> = {
  "public.example": ["93.184.216.34"],
  "private.example": ["10.1.2.3"],
  "mixed.example": ["127.0.0.1", "93.184.216.34", "fe80::1", "10.1.2.3"],
  "loopback.example": ["127.0.0.1", "::1"],
  "link-local.example": ["169.254.169.254"],
  "v6.example": ["fd00::1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  "nat64.example": ["64:ff9b::5db8:d822"],
  "nat64-inside.example": ["64:ff9b::7f00:1"],
};

/** A resolver of known names, asked for absolute ones alone; others do not exist. */
async function resolve(name: string): Promise<string[]> {
  const found = name.endsWith(".") ? NAMES[name.slice(0, -1)] : undefined;
  return await Promise.resolve(found ?? Promise.reject(new Error("no such name")));
}

/** `options` as a configuration file has them, by their whole names. */
function filterOf(options: Record<string, string> = {}, more: GuardOptions = {}): UriFilter {
  const config = configFrom({ "import_filtering_opts.allowed_ports": "[]", ...options });
  return makeUriFilter({ ...guardOptions(config), resolve, ...more });
}

const NEVER: OutboundFetch = (url) => Promise.reject(new Error(`asked ${url}`));
const WEB = "URI for web-download";

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
  "http://100.100.100.200/",
  "http://[fd00:ec2::254]/",
  "http://224.0.0.1/",
  "http://240.0.0.1/",
  "http://255.255.255.255/",
  "http://[fe80::1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://[2002:7f00:1::]/",
  "http://[::ffff:169.254.169.254]/",
  "http://[::127.0.0.1]/",
  "http://[::93.184.216.34]/",
  "http://[4000::1]/",
  "http://[fec0::1]/",
  "http://[100::1]/",
  "http://[2001::1]/",
  "http://[ff02::1]/",
  "http://localhost/",
  "http://a.localhost./",
  "http://loopback.example/",
  "http://link-local.example/",
  "http://mapped.example/",
  "http://nat64-inside.example/",
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

Deno.test("URLs that do not pass: the text is upstream's, with the URL, no credentials and no address", async (t) => {
  for (const uri of REFUSED) {
    await t.step(JSON.stringify(uri), async () => {
      await assert.rejects(
        checkImportUri({ outbound: NEVER, uriFilter: filterOf() }, uri, WEB),
        (error) =>
          isError(error, "bad_request") &&
          error.message === `URI for web-download does not pass filtering: ${maskUrl(uri)}`,
      );
    });
  }
});

Deno.test("the reason of a refusal is in the log, with the address and the list", async () => {
  using log = recordLog();
  await filterOf().read("http://link-local.example/secret?sig=topsecret");
  const text = log.lines().join("\n");
  assert.match(
    text,
    /http:\/\/link-local\.example refused: 169\.254\.169\.254 is link-local, .*outbound_allowed_networks/,
  );
  assert.doesNotMatch(text, /topsecret/);
});

Deno.test("URLs that pass, and where they lead", async (t) => {
  const rows: [uri: string, addresses: string[] | null][] = [
    ["http://public.example/x?y=1#z", ["93.184.216.34"]],
    ["http://public.example./", ["93.184.216.34"]],
    ["http://93.184.216.34/", null],
    ["http://public.example:80/", ["93.184.216.34"]],
    ["http://10.0.0.1/", null],
    ["http://172.16.0.1/", null],
    ["http://192.168.1.1/", null],
    ["http://100.64.0.1/", null],
    ["http://[fd00::1]/", null],
    ["http://private.example/", ["10.1.2.3"]],
    ["http://v6.example/", ["fd00::1"]],
    ["http://nat64.example/", ["64:ff9b::5db8:d822"]],
    ["http://mixed.example/", ["93.184.216.34", "10.1.2.3"]],
  ];
  for (const [uri, addresses] of rows) {
    await t.step(uri, async () => {
      const filter = filterOf();
      assert.deepEqual(await filter.guard((await filter.read(uri))!), addresses);
    });
  }
});

Deno.test("lists: [import_filtering_opts] and [oneglance] outbound_…", async (t) => {
  const rows: [Record<string, string>, string, boolean][] = [
    [{ allowed_ports: "[80,443]" }, "http://public.example:8080/", false],
    [{ allowed_ports: "[80,443]" }, "http://public.example/", true],
    [{ allowed_ports: "[8080]" }, "http://public.example:80/", false],
    [{ allowed_ports: "[8080]" }, "http://public.example/", true],
    [{ allowed_ports: "[]", disallowed_ports: "[8080]" }, "http://public.example:8080/", false],
    [{ allowed_ports: "[8080]", disallowed_ports: "[8080]" }, "http://public.example:8080/", true],
    [{ allowed_hosts: "[other.example]" }, "http://public.example/", false],
    [{ allowed_hosts: "[public.example]" }, "http://PUBLIC.example/", true],
    [{ disallowed_hosts: "[public.example]" }, "http://public.example/", false],
    [{ disallowed_hosts: "[public.example]" }, "http://public.example./", false],
    [{ disallowed_hosts: "[public.example]" }, "http://publ%69c.example/", false],
    [{ disallowed_hosts: "[93.184.216.34]" }, "http://93.184.216.34/", false],
    [{ allowed_schemes: "[https]" }, "http://public.example/", false],
    [{ allowed_schemes: "[]", disallowed_schemes: "[http]" }, "http://public.example/", false],
    [{ allowed_schemes: "[]" }, "ftp://public.example/", false],
    // A host that is named may be anything.
    [{ allowed_hosts: "[localhost]" }, "http://localhost/", true],
    [{ allowed_hosts: "[127.0.0.1]" }, "http://127.0.0.1/", true],
    [{ allowed_hosts: "[127.0.0.1]" }, "http://loopback.example/", false],
    [{ allowed_hosts: "[::1]" }, "http://[0::1]/", true],
    [{ allowed_hosts: "[loopback.example]" }, "http://loopback.example/", true],
    [{ allowed_hosts: "[link-local.example]" }, "http://link-local.example/", true],
    // An address that is refused refuses the names that lead to it alone.
    [{ disallowed_hosts: "[93.184.216.34]" }, "http://public.example/", false],
    [{ disallowed_hosts: "[93.184.216.34]" }, "http://nat64.example/", false],
    [{ disallowed_hosts: "[93.184.216.34]" }, "http://mixed.example/", true],
    [
      { disallowed_hosts: "[93.184.216.34]", allowed_hosts: "[public.example]" },
      "http://public.example/",
      true,
    ],
    [{ outbound_private: "deny" }, "http://10.0.0.1/", false],
    [{ outbound_private: "deny" }, "http://private.example/", false],
    [{ outbound_private: "deny" }, "http://100.64.0.1/", false],
    [{ outbound_private: "deny" }, "http://[fd00::1]/", false],
    [{ outbound_private: "deny" }, "http://198.18.0.1/", false],
    [{ outbound_private: "deny" }, "http://public.example/", true],
    [{ outbound_private: "deny", allowed_hosts: "[private.example]" }, "http://private.example/", true],
    [{ outbound_private: "deny", outbound_allowed_networks: "10.0.0.0/8" }, "http://private.example/", true],
    [{ outbound_allowed_networks: "127.0.0.0/8" }, "http://loopback.example/", true],
    [{ outbound_allowed_networks: "127.0.0.0/8, ::1" }, "http://localhost/", true],
    // What is denied is denied, whatever else allows it.
    [{ outbound_denied_networks: "10.0.0.0/8" }, "http://private.example/", false],
    [{ outbound_denied_networks: "93.184.216.0/24" }, "http://nat64.example/", false],
    [
      { outbound_denied_networks: "10.0.0.0/8", allowed_hosts: "[private.example]" },
      "http://private.example/",
      false,
    ],
    [
      { outbound_denied_hosts: "private.example", allowed_hosts: "[private.example]" },
      "http://private.example/",
      false,
    ],
  ];
  for (const [lists, uri, passes] of rows) {
    await t.step(`${JSON.stringify(lists)} ${uri}`, async () => {
      const options = Object.entries(lists).map(([name, text]) => [
        `${name.startsWith("outbound_") ? "oneglance" : "import_filtering_opts"}.${name}`,
        text,
      ]);
      assert.equal(await filterOf(Object.fromEntries(options)).read(uri) !== null, passes);
    });
  }
});

const open = (parts: Parts, uri: string) =>
  fetchSource(parts, { uri, what: WEB }, new AbortController().signal);

Deno.test("a redirect to a forbidden target is not followed", async (t) => {
  for (
    const target of [
      "http://127.0.0.1/",
      "http://2130706433/",
      "http://[::1]/",
      "http://loopback.example/",
      "http://user:secret@public.example/",
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
        open({ outbound, uriFilter: filterOf() }, "http://public.example/"),
        (error) =>
          isError(error, "bad_request") && error.message === `Redirect to disallowed URL: ${maskUrl(target)}`,
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
  await assert.rejects(open({ outbound, uriFilter: filterOf() }, "http://public.example/"));
  assert.equal(asked, 6);
});

Deno.test("a name that changes its mind is connected to where it was checked", async () => {
  const seen: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(request.headers.get("host")!);
    return new Response("data");
  });
  let answers = 0;
  const uriFilter = filterOf({}, {
    allowedNetworks: ["127.0.0.1"],
    // Good the first time; a second look-up would lead elsewhere.
    resolve: () => Promise.resolve(answers++ < 2 ? ["127.0.0.1"] : ["169.254.169.254"]),
  });
  const outbound = makeOutbound({ import: { connectTimeoutMs: 5000, guard: uriFilter.guard } });
  try {
    const uri = `http://rebind.example:${server.addr.port}/`;
    const source = await open({ outbound: outbound.fetch, uriFilter }, uri);
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

/** What the lists of `[oneglance] outbound_…` let out, for URLs of users and for those of the operator. */
import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";
import { type GuardOptions, makeGuard, type NamedBy } from "../../src/net/guard.ts";
import { makeOutbound } from "../../src/net/outbound.ts";
import { outboundUses } from "../../src/net/outbound_uses.ts";
import { imageTarget } from "../../src/policy/targets.ts";
import { callerOf, imageOf, withPolicy } from "../support/policy.ts";

const NAMES: Record<string, string[]> = {
  "public.example": ["93.184.216.34"],
  "inner.example": ["10.1.2.3"],
  "a.inner.example": ["10.1.2.4", "fd00::1"],
  "half.example": ["10.1.2.3", "169.254.169.254"],
};

const resolve = (name: string) => {
  const found = NAMES[name.replace(/\.$/, "")];
  return found ? Promise.resolve(found) : Promise.reject(new Error("no such name"));
};

type Row = [by: NamedBy, lists: GuardOptions, url: string, passes: boolean];

const ROWS: Row[] = [
  ["operator", {}, "http://inner.example/", true],
  ["operator", {}, "http://a.inner.example/", true],
  ["operator", {}, "http://127.0.0.1/", true],
  ["operator", {}, "http://[::1]/", true],
  ["operator", {}, "http://169.254.169.254/", false],
  ["operator", {}, "http://[fe80::1]/", false],
  ["operator", {}, "http://0.0.0.0/", false],
  ["operator", {}, "http://224.0.0.1/", false],
  ["operator", {}, "http://half.example/", true],
  ["operator", { deniedNetworks: ["10.0.0.0/8"] }, "http://half.example/", false],
  ["operator", { allowedNetworks: ["169.254.0.0/16"] }, "http://169.254.169.254/", true],
  ["operator", { deniedNetworks: ["10.1.2.4"] }, "http://inner.example/", true],
  ["operator", { deniedNetworks: ["10.1.2.4"] }, "http://a.inner.example/", true],
  ["operator", { deniedNetworks: ["10.1.2.4", "fd00::/8"] }, "http://a.inner.example/", false],
  ["operator", { deniedNetworks: ["127.0.0.0/8"] }, "http://[::ffff:127.0.0.1]/", false],
  ["target", {}, "http://inner.example/", false],
  ["target", {}, "http://public.example/", true],
  ["target", { private: "allow" }, "http://inner.example/", false],
  ["target", { allowedNetworks: ["10.0.0.0/8"] }, "http://inner.example/", true],
  ["user", {}, "http://inner.example/", true],
  ["user", { private: "deny" }, "http://inner.example/", false],
  [
    "user",
    { allowedNetworks: ["10.0.0.0/8"], deniedNetworks: ["10.1.0.0/16"] },
    "http://inner.example/",
    false,
  ],
  ["user", { deniedNetworks: ["93.184.0.0/16"] }, "http://public.example/", false],
  ["user", { deniedHosts: ["public.example"] }, "http://public.example/", false],
  ["user", { deniedHosts: ["Public.Example"] }, "http://PUBLIC.example./", false],
  ["user", { deniedHosts: ["93.184.216.34"] }, "http://93.184.216.34/", false],
  ["user", { deniedHosts: ["example"] }, "http://public.example/", true],
  ["operator", { deniedHosts: [".inner.example"] }, "http://a.inner.example/", false],
  ["operator", { deniedHosts: [".inner.example"] }, "http://inner.example/", true],
  ["user", { deniedPorts: ["22", "8080"] }, "http://public.example:8080/", false],
  ["user", { deniedPorts: ["80"] }, "http://public.example/", false],
  ["user", { deniedPorts: ["443"] }, "https://public.example/", false],
  ["user", { deniedPorts: ["443"] }, "http://public.example/", true],
];

Deno.test("allow and deny lists", async (t) => {
  for (const [by, lists, url, passes] of ROWS) {
    await t.step(`${by} ${JSON.stringify(lists)} ${url}`, async () => {
      const ask = makeGuard(by, { ...lists, resolve })(new URL(url));
      if (passes) await ask;
      else await assert.rejects(ask, (error) => isError(error, "bad_request"));
    });
  }
});

Deno.test("a list of something else is refused at start", () => {
  const rows: GuardOptions[] = [
    { allowedNetworks: ["10.0.0.0/99"] },
    { deniedNetworks: ["10.0.0.0/99"] },
    { deniedPorts: ["80", "ssh"] },
  ];
  for (const lists of rows) {
    assert.throws(() => makeGuard("user", lists), (error) => isError(error, "config"));
  }
});

Deno.test("the second address is tried where the first takes no connection", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("data"),
  );
  // Nobody listens at the same port of another address of loopback.
  const addresses = ["127.0.0.9", "127.0.0.1"];
  const guard = makeGuard("operator", { resolve: () => Promise.resolve(addresses) });
  const outbound = makeOutbound({ policy: { connectTimeoutMs: 5000, guard } });
  try {
    const url = new URL(`http://two.example:${server.addr.port}/`);
    const answer = await outbound.fetch(url, { use: "policy", method: "POST", body: "x" });
    assert.equal(await answer.text(), "data");
    addresses.pop();
    await assert.rejects(outbound.fetch(url, { use: "policy" }), (error) => isError(error, "unavailable"));
  } finally {
    outbound.close();
    await server.shutdown();
  }
});

Deno.test("http: policy checks reach the operator's own server, and no host that a target names", async (t) => {
  let asked = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    asked++;
    return new Response("True");
  });
  const { port } = server.addr;
  const options = outboundUses(configFrom({})).policy;
  const outbound = makeOutbound({
    policy: { ...options, guard: makeGuard("operator", { deniedPorts: ["1"] }) },
    policy_by_target: { ...options, guard: makeGuard("target", {}) },
  });
  const caller = callerOf("own", ["member"]);
  const properties = { host: "127.0.0.1", place: "127.0.0.1/x", port: String(port), path: "images" };
  const target = imageTarget(imageOf({ properties }), caller);
  const rows: [string, boolean][] = [
    [`http://127.0.0.1:${port}/`, true],
    [`http://localhost:${port}/%(path)s`, true],
    [`http://127.0.0.1:${port}?of=%(path)s`, true],
    [`http://%(host)s:${port}/`, false],
    [`http://127.0.0.1:%(port)s/`, false],
    [`http://%(place)s`, false],
    [`http://user:%(host)s@127.0.0.1:${port}/`, false],
    ["http://127.0.0.1:1/", false],
    ["http://169.254.169.254/latest", false],
  ];
  try {
    for (const [rule, passes] of rows) {
      await t.step(rule.replaceAll(String(port), "PORT"), async () => {
        const before = asked;
        await withPolicy({ a: rule }, async (policy) => {
          const answer = (async () => await policy.allows("a", caller, target))();
          if (passes) assert.equal(await answer, true);
          else await assert.rejects(answer, (error) => isError(error, "internal"));
        }, { outbound: outbound.fetch });
        assert.equal(asked - before, passes ? 1 : 0);
      });
    }
  } finally {
    outbound.close();
    await server.shutdown();
  }
});

/** `http:` checks: what is sent, what counts as yes, and that everything else stays synchronous (docs/reference/policy.md §3.2). */
import assert from "node:assert/strict";
import { authorizeImage } from "../../src/policy/authorize.ts";
import type { OutboundFetch } from "../../src/net/outbound.ts";
import { imageTarget } from "../../src/policy/targets.ts";
import { callerOf, imageOf, withPolicy } from "../support/policy.ts";

const caller = callerOf("own", ["member"], { userId: "u1", token: "secret-token" });
const target = imageTarget(imageOf({ properties: { color: "red" } }), caller);

interface Sent {
  url: string;
  type: string | null;
  body: string;
  use: string;
}

/** A server that answers every question with `body`. */
function answering(body: string | ReadableStream, sent: Sent[] = []): OutboundFetch {
  return (url, init) => {
    sent.push({
      url: url.href,
      type: new Headers(init.headers).get("content-type"),
      body: init.body as string,
      use: init.use,
    });
    return Promise.resolve(new Response(body, { status: 200 }));
  };
}

Deno.test("only the body True allows, quotes around it do not matter", async () => {
  const cases: [string, boolean][] = [
    ["True", true],
    ['"True"', true],
    ["true", false],
    ["False", false],
    ["", false],
    ["True\n", false],
    ["x".repeat(100_000), false],
  ];
  for (const [body, expected] of cases) {
    await withPolicy({ a: "http://policy/check" }, async (policy) => {
      const answer = policy.allows("a", caller, target);
      assert.ok(answer instanceof Promise);
      assert.equal(await answer, expected, body.slice(0, 10));
    }, { outbound: answering(body) });
  }
});

Deno.test("the form has rule, target and credentials as JSON, and no token", async () => {
  const sent: Sent[] = [];
  await withPolicy(
    { outer: "rule:inner", inner: "https://policy:8443/%(visibility)s/%(color)s" },
    async (policy) => {
      await policy.allows("outer", caller, target);
    },
    { outbound: answering("True", sent) },
  );
  const [request] = sent;
  assert.equal(request!.url, "https://policy:8443/private/red");
  assert.equal(request!.type, "application/x-www-form-urlencoded");
  assert.equal(request!.use, "policy");
  assert.equal(request!.body.includes("secret"), false);
  const form = new URLSearchParams(request!.body);
  assert.deepEqual([...form.keys()], ["rule", "target", "credentials"]);
  assert.equal(form.get("rule"), '"outer"');
  assert.equal(JSON.parse(form.get("target")!).color, "red");
  assert.equal(JSON.parse(form.get("target")!).project_id, "own");
  assert.equal(JSON.parse(form.get("credentials")!).user_id, "u1");
});

Deno.test("one JSON object with remote_content_type application/json", async () => {
  const sent: Sent[] = [];
  await withPolicy({ a: "http://policy/" }, async (policy) => {
    await policy.allows("a", caller, {});
  }, {
    outbound: answering("True", sent),
    values: { "oslo_policy.remote_content_type": "application/json" },
  });
  assert.equal(sent[0]!.type, "application/json");
  assert.equal(JSON.parse(sent[0]!.body).rule, "a");
});

Deno.test("the server is only asked when its answer matters", async () => {
  const sent: Sent[] = [];
  const rules = {
    a: "role:member or http://p/",
    b: "role:admin and http://p/",
    c: "http://p/%(missing)s",
    d: "http://[bad/",
    e: "http://p/1 and role:member and not http://p/2",
    f: "role:admin or http://p/3 or !",
    g: "not http://p/4",
  };
  await withPolicy(rules, async (policy) => {
    assert.equal(policy.allows("a", caller, {}), true);
    assert.equal(policy.allows("b", caller, {}), false);
    assert.equal(policy.allows("c", caller, {}), false);
    assert.equal(await policy.allows("d", caller, {}), false);
    assert.equal(sent.length, 0);
    assert.equal(await policy.allows("e", caller, {}), false);
    assert.equal(await policy.allows("f", caller, {}), true);
    assert.equal(await policy.allows("g", caller, {}), false);
    assert.deepEqual(sent.map((each) => each.url), ["http://p/1", "http://p/2", "http://p/3", "http://p/4"]);
  }, { outbound: answering("True", sent) });
});

Deno.test("403 and 404 stay distinct through promises", async () => {
  const outbound: OutboundFetch = (url) =>
    Promise.resolve(new Response(url.pathname === "/yes" ? "True" : "False"));
  await withPolicy({ delete_image: "http://p/no", get_image: "http://p/yes" }, async (policy) => {
    await assert.rejects(async () => await authorizeImage(policy, "delete_image", caller, imageOf()), {
      code: "forbidden",
    });
  }, { outbound });
  await withPolicy({ delete_image: "http://p/no", get_image: "http://p/no" }, async (policy) => {
    await assert.rejects(async () => await authorizeImage(policy, "delete_image", caller, imageOf()), {
      code: "not_found",
    });
  }, { outbound });
});

Deno.test("the gate itself is asked once", async () => {
  const sent: Sent[] = [];
  await withPolicy({ get_image: "http://p/" }, async (policy) => {
    await assert.rejects(async () => await authorizeImage(policy, "get_image", caller, imageOf()), {
      code: "not_found",
    });
  }, { outbound: answering("False", sent) });
  assert.equal(sent.length, 1);
});

Deno.test("no answer, or none in time, is an internal error", async () => {
  const silent: OutboundFetch = (_url, init) =>
    new Promise((_resolve, reject) =>
      init.signal!.addEventListener("abort", () => reject(init.signal!.reason))
    );
  const values = { "oslo_policy.remote_timeout": "0.02" };
  await withPolicy({ a: "http://policy/" }, async (policy) => {
    // Deno lets a process end while only such a timer runs.
    const awake = setTimeout(() => {}, 5000);
    await assert.rejects(async () => await policy.allows("a", caller, {}), { code: "internal" });
    clearTimeout(awake);
  }, { outbound: silent, values });
  const refusing: OutboundFetch = () => Promise.reject(new Error("connection refused"));
  await withPolicy({ a: "http://policy/" }, async (policy) => {
    await assert.rejects(async () => await policy.allows("a", caller, {}), { code: "internal" });
  }, { outbound: refusing });
  await withPolicy({ a: "http://policy/" }, async (policy) => {
    await assert.rejects(async () => await policy.allows("a", caller, {}), { code: "internal" });
  });
});

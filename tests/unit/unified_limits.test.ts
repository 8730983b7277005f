import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";
import { makeOutbound } from "../../src/net/outbound.ts";
import { outboundUses } from "../../src/net/outbound_uses.ts";
import { readLimitSettings } from "../../src/quota/limit_settings.ts";
import { makeUnifiedLimits, type UnifiedLimits } from "../../src/quota/unified_limits.ts";
import { type FakeLimits, fakeLimits, limitOptions } from "../support/fake_limits.ts";

interface Set {
  keystone: FakeLimits;
  limits: UnifiedLimits;
  clock: { now: number };
}

/** Runs `action` with a reader of limits at a Keystone that has image_size_total 10 and image_count_total 5. */
async function withLimits(options: Record<string, string>, action: (set: Set) => Promise<void>) {
  await using keystone = fakeLimits();
  keystone.registered.set("image_size_total", 10).set("image_count_total", 5);
  const config = configFrom({ ...limitOptions(keystone), ...options });
  const outbound = makeOutbound({ limits: outboundUses(config).limits });
  const clock = { now: Date.now() };
  try {
    await action({ keystone, clock, limits: makeUnifiedLimits(config, outbound.fetch, () => clock.now) });
  } finally {
    outbound.close();
  }
}

async function unavailable(asking: Promise<unknown>): Promise<void> {
  await assert.rejects(asking, (error) => {
    assert.ok(isError(error, "unavailable"), String(error));
    assert.equal(error.message, "The Keystone service is temporarily unavailable.");
    return true;
  });
}

Deno.test("unified limits: a project's own limit wins over the registered one", () =>
  withLimits({}, async ({ keystone, limits }) => {
    keystone.own.set("p1 image_size_total", 3).set("p2 image_size_total", -1);
    assert.deepEqual(Object.fromEntries(await limits.of("p1")), {
      image_size_total: 3,
      image_count_total: 5,
    });
    assert.deepEqual(Object.fromEntries(await limits.of("p2")), {
      image_size_total: -1,
      image_count_total: 5,
    });
    assert.deepEqual(Object.fromEntries(await limits.of(null)), {
      image_size_total: 10,
      image_count_total: 5,
    });
    assert.deepEqual(keystone.asked, [
      "/v3/endpoints/public-RegionOne",
      "/v3/registered_limits?service_id=service-0&region_id=RegionOne",
      "/v3/limits?service_id=service-0&region_id=RegionOne&project_id=p1",
      "/v3/limits?service_id=service-0&region_id=RegionOne&project_id=p2",
    ]);
  }));

Deno.test("unified limits: the login is that of [oslo_limit], scoped to the system", () =>
  withLimits({}, async ({ keystone, limits }) => {
    await limits.of("p1");
    assert.deepEqual(keystone.logins, [{
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "glance", domain: { id: "default" }, password: "sesame" } },
        },
        scope: { system: { all: true } },
      },
    }]);
  }));

Deno.test("unified limits: an endpoint without region leaves the region out", () =>
  withLimits({}, async ({ keystone, limits }) => {
    keystone.state.region = null;
    assert.equal((await limits.of(null)).get("image_size_total"), 10);
    assert.equal(keystone.asked.at(-1), "/v3/registered_limits?service_id=service-0");
  }));

for (
  const [name, options, asked] of [
    ["type", { "oslo_limit.endpoint_service_type": "image" }, "/v3/services?type=image"],
    ["name", { "oslo_limit.endpoint_service_name": "glance" }, "/v3/services?name=glance"],
  ] as [string, Record<string, string>, string][]
) {
  const found = { ...options, "oslo_limit.endpoint_id": "", "oslo_limit.endpoint_region_name": "RegionOne" };
  Deno.test(`unified limits: the endpoint is found by the service's ${name}`, () =>
    withLimits(found, async ({ keystone, limits }) => {
      assert.equal((await limits.of(null)).get("image_size_total"), 10);
      assert.equal(keystone.asked[0], asked);
      assert.equal(
        keystone.asked[1],
        "/v3/endpoints?service_id=service-0&region_id=RegionOne&interface=public",
      );
    }));
}

Deno.test("unified limits: a service that is there twice, or not at all, is nobody's endpoint", () =>
  withLimits(
    { "oslo_limit.endpoint_id": "", "oslo_limit.endpoint_service_type": "image" },
    async ({ keystone, limits }) => {
      for (const services of [0, 2]) {
        keystone.state.services = services;
        await unavailable(limits.of("p1"));
      }
      keystone.state.services = 1;
      assert.equal((await limits.of("p1")).get("image_size_total"), 10);
    },
  ));

Deno.test("unified limits: fifty at once ask Keystone once, and an answer holds two seconds", () =>
  withLimits({}, async ({ keystone, limits, clock }) => {
    keystone.state.delay = 20;
    await Promise.all(Array.from({ length: 50 }, () => limits.of("p1")));
    assert.equal(keystone.asked.length, 3);
    assert.equal(keystone.logins.length, 1);
    keystone.registered.set("image_size_total", 20);
    clock.now += 1900;
    assert.equal((await limits.of("p1")).get("image_size_total"), 10);
    clock.now += 200;
    assert.equal((await limits.of("p1")).get("image_size_total"), 20);
    assert.equal(keystone.asked.length, 5, "the endpoint is not looked up again");
  }));

Deno.test("unified limits: a token that Keystone no longer takes is renewed", () =>
  withLimits({}, async ({ keystone, limits, clock }) => {
    await limits.of("p1");
    keystone.state.rejectBefore = 1;
    clock.now += 3000;
    assert.equal((await limits.of("p1")).get("image_size_total"), 10);
    assert.equal(keystone.logins.length, 2);
  }));

Deno.test("unified limits: what Keystone cannot say is unavailable, and is asked again at once", () =>
  withLimits({}, async ({ keystone, limits }) => {
    for (const status of [401, 403, 404, 500, 503]) {
      keystone.state.status = status;
      await unavailable(limits.of("p1"));
    }
    keystone.state.status = undefined;
    keystone.state.garbage = true;
    await unavailable(limits.of("p1"));
    keystone.state.garbage = false;
    assert.equal((await limits.of("p1")).get("image_size_total"), 10);
  }));

Deno.test("unified limits: a Keystone that is not there is unavailable", () =>
  withLimits(
    { "oslo_limit.auth_url": "http://127.0.0.1:9/v3" },
    async ({ limits }) => await unavailable(limits.of("p1")),
  ));

Deno.test("unified limits: an override of Keystone's address is where limits are asked for", () =>
  withLimits({ "oslo_limit.endpoint_override": "http://127.0.0.1:9/v3" }, async ({ keystone, limits }) => {
    await unavailable(limits.of("p1"));
    assert.equal(keystone.logins.length, 1);
    assert.deepEqual(keystone.asked, []);
  }));

Deno.test("unified limits: the start reports an incomplete [oslo_limit]", () => {
  const whole = limitOptions({ url: "http://127.0.0.1:9" });
  const rows: [string, RegExp][] = [
    ["oslo_limit.endpoint_id", /\[oslo_limit\] needs endpoint_id, endpoint_service_type/],
    ["oslo_limit.auth_url", /\[oslo_limit\] auth_url is not set/],
    ["oslo_limit.password", /\[oslo_limit\] password is not set/],
  ];
  for (const [missing, message] of rows) {
    const { [missing]: _, ...rest } = whole;
    assert.throws(() => readLimitSettings(configFrom(rest)), message);
  }
  const old = readLimitSettings(configFrom({
    ...whole,
    "oslo_limit.endpoint_id": "",
    "oslo_limit.endpoint_service_type": "image",
    "oslo_limit.endpoint_interface": "internalURL",
  }));
  assert.deepEqual(old.endpoint, {
    serviceName: null,
    serviceType: "image",
    region: null,
    interface: "internal",
  });
});

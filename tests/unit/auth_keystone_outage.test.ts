/** A Keystone that is away, silent or odd: who waits, who is refused at once, and what is said of it. */
import assert from "node:assert/strict";
import { outboundUses } from "../../src/net/outbound_uses.ts";
import { configFrom } from "../../src/config/config.ts";
import { isError } from "../../src/errors.ts";
import { keystoneOptions, testAuth } from "../support/auth.ts";
import { fakeKeystone } from "../support/fake_keystone.ts";
import { EARLY_CERT, EXPIRED_CERT, TIMED_CA, TIMED_KEY } from "../support/tls.ts";

const UNAVAILABLE = "The Keystone service is temporarily unavailable.";
const outage = (error: unknown) => isError(error, "unavailable") && error.message === UNAVAILABLE;
const retryAfter = (error: unknown) =>
  outage(error) && isError(error) ? error.headers["retry-after"] : undefined;
const said = (seconds: string | undefined) => (error: unknown) =>
  outage(error) && retryAfter(error) === seconds;

Deno.test("after a failure others are refused at once, with Retry-After, while one asks again", async () => {
  await using keystone = fakeKeystone();
  for (const token of ["cached", "a", "b", "c", "d"]) keystone.tokens.set(token, {});
  let now = Date.now();
  using auth = await testAuth(keystoneOptions(keystone.url), { now: () => now });
  const as = (token: string) => auth.identify({ "x-auth-token": token });
  assert.ok(await as("cached"));
  keystone.state.validateStatus = 503;
  await assert.rejects(as("a"), said("5"));
  const asked = keystone.seen.length;
  now += 3_000;
  await assert.rejects(as("b"), said("2"));
  assert.ok(await as("cached"), "tokens that are known go on working");
  assert.equal(keystone.seen.length, asked, "nobody asks within the pause");

  now += 2_000;
  const held = Promise.withResolvers<void>();
  keystone.state.hold = held.promise;
  const probe = assert.rejects(as("a"), said("5"));
  while (keystone.seen.length === asked) await new Promise((wake) => setTimeout(wake, 5));
  for (const token of ["b", "c"]) await assert.rejects(as(token), said("1"));
  assert.equal(keystone.seen.length, asked + 1, "one asks, others do not wait for it");
  held.resolve();
  await probe;

  now += 5_000;
  delete keystone.state.validateStatus;
  assert.ok(await as("a"));
  assert.ok(await as("b"));
  assert.equal(
    auth.log.filter((line) => line.includes("For 5 s other requests are refused without asking Keystone"))
      .length,
    2,
  );
  assert.equal(auth.log.filter((line) => line === "info Keystone answers again.").length, 1);
});

Deno.test("a failure is no outage while others are answered", async () => {
  await using keystone = fakeKeystone();
  for (const token of ["warm", "slow", "a", "b"]) keystone.tokens.set(token, {});
  using auth = await testAuth(keystoneOptions(keystone.url));
  const as = (token: string) => auth.identify({ "x-auth-token": token });
  assert.ok(await as("warm"));
  const held = Promise.withResolvers<void>();
  keystone.state.hold = held.promise;
  const slow = assert.rejects(as("slow"), said(undefined));
  while (keystone.validations().length < 2) await new Promise((wake) => setTimeout(wake, 5));
  delete keystone.state.hold;
  assert.ok(await as("a"));
  keystone.state.validateStatus = 503;
  held.resolve();
  await slow;
  delete keystone.state.validateStatus;
  assert.ok(await as("b"));
});

for (const status of [400, 403, 500]) {
  Deno.test(`an odd answer to one token (${status}) keeps nobody else out`, async () => {
    await using keystone = fakeKeystone();
    keystone.tokens.set("good", {});
    using auth = await testAuth(keystoneOptions(keystone.url));
    keystone.state.validateStatus = status;
    await assert.rejects(auth.identify({ "x-auth-token": "odd" }), said(undefined));
    delete keystone.state.validateStatus;
    assert.ok(await auth.identify({ "x-auth-token": "good" }));
  });
}

Deno.test("a service user who is not let in is not tried again by each request: Keystone locks such users", async () => {
  await using keystone = fakeKeystone();
  using auth = await testAuth(keystoneOptions(keystone.url, { "keystone_authtoken.password": "wrong" }));
  for (const token of ["a", "b", "c"]) await assert.rejects(auth.identify({ "x-auth-token": token }), outage);
  assert.equal(keystone.logins().length, 1);
});

const PATIENCE: [options: Record<string, string>, head: number, total: number][] = [
  [{}, 60, 60],
  [{ "keystone_authtoken.http_connect_timeout": "7" }, 7, 60],
  [{ "keystone_authtoken.http_connect_timeout": "90" }, 90, 90],
  [{ "keystone_authtoken.http_connect_timeout": "0" }, 60, 60],
  [{ "keystone_authtoken.timeout": "8" }, 8, 60],
  [{ "oneglance.keystone_timeout": "30" }, 30, 30],
];
for (const [options, head, total] of PATIENCE) {
  Deno.test(`Keystone may take its time: ${JSON.stringify(options)}`, () => {
    const { connectTimeoutMs, totalTimeoutMs } = outboundUses(configFrom(options)).keystone;
    assert.deepEqual([connectTimeoutMs, totalTimeoutMs], [head * 1000, total * 1000]);
  });
}

Deno.test("a Keystone that dribbles its answer is given up after keystone_timeout", async () => {
  await using keystone = fakeKeystone();
  keystone.tokens.set("good", {});
  keystone.state.dribble = true;
  using auth = await testAuth(keystoneOptions(`${keystone.url}/v3`, { "oneglance.keystone_timeout": "1" }));
  await assert.rejects(auth.identify({ "x-auth-token": "good" }), said("5"));
});

const CERTIFICATES: [name: string, cert: string, reason: string][] = [
  ["expired", EXPIRED_CERT, "the certificate expired at 2021-03-04T05:06:07Z"],
  ["not valid yet", EARLY_CERT, "the certificate is valid only from 2120-03-04T05:06:07Z"],
];
for (const [name, cert, reason] of CERTIFICATES) {
  Deno.test(`a certificate of Keystone that is ${name}: the log says so, and the time`, async () => {
    const caFile = await Deno.makeTempFile();
    await Deno.writeTextFile(caFile, TIMED_CA);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, cert, key: TIMED_KEY, onListen() {} },
      () => new Response(),
    );
    try {
      using auth = await testAuth(keystoneOptions(`https://localhost:${server.addr.port}/v3`, {
        "keystone_authtoken.cafile": caFile,
        "keystone_authtoken.http_request_max_retries": "0",
      }));
      await assert.rejects(auth.identify({ "x-auth-token": "good" }), outage);
      assert.ok(auth.log.some((line) => line.includes(`cannot be reached: ${reason}.`)), auth.log.join("\n"));
    } finally {
      await server.shutdown();
      await Deno.remove(caFile);
    }
  });
}

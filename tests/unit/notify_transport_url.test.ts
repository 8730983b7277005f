import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { amqpOptions, parseTransportUrl } from "../../src/notify/drivers.ts";

const guest = { user: "guest", password: "guest" };

const CASES: [string, ReturnType<typeof parseTransportUrl>["hosts"], string][] = [
  ["rabbit://", [{ host: "localhost", port: 5672, ...guest }], "/"],
  ["rabbit://h/", [{ host: "h", port: 5672, ...guest }], "/"],
  ["rabbit://u:p@h:5671//", [{ host: "h", port: 5671, user: "u", password: "p" }], "/"],
  [
    "rabbit://u:p@h1:5672,h2/vhost?ssl=1",
    [{ host: "h1", port: 5672, user: "u", password: "p" }, {
      host: "h2",
      port: 5672,
      user: "u",
      password: "p",
    }],
    "vhost",
  ],
  [
    "rabbit://a:1@h1,b:2@h2:1/v%2Fw",
    [{ host: "h1", port: 5672, user: "a", password: "1" }, { host: "h2", port: 1, user: "b", password: "2" }],
    "v/w",
  ],
  ["rabbit://u:p%40s%3A%25:s@[::1]:7", [{ host: "::1", port: 7, user: "u", password: "p@s:%:s" }], "/"],
  ["rabbit://u@h", [{ host: "h", port: 5672, user: "u", password: "" }], "/"],
];

for (const [text, hosts, vhost] of CASES) {
  Deno.test(`transport_url ${text}`, () => {
    const url = parseTransportUrl(text);
    assert.deepEqual(url.hosts, hosts);
    assert.equal(url.vhost, vhost);
  });
}

for (
  const text of [
    "",
    "h:5672",
    "amqp://u:sesame@h",
    "rabbit://u:sesame@h:x",
    "rabbit://u:sesame@h:99999",
    "rabbit://u:sesame%zz@h",
    "rabbit://u:sesame@,h",
  ]
) {
  Deno.test(`transport_url "${text}" is refused without showing its password`, () => {
    assert.throws(() => parseTransportUrl(text), (error: Error & { code?: string }) => {
      assert.equal(error.code, "config");
      assert.ok(!error.message.includes("sesame"), error.message);
      return true;
    });
  });
}

Deno.test("the URL's query goes before the options, [oslo_messaging_notifications] before [DEFAULT]", () => {
  const options = (set: Record<string, string>) => amqpOptions(configFrom(set));
  const plain = options({});
  assert.deepEqual([plain.tls, plain.durable, plain.exchange, plain.heartbeat], [null, false, "glance", 60]);
  const set = options({
    "DEFAULT.transport_url": "rabbit://other",
    "oslo_messaging_notifications.transport_url": "rabbit://h/?ssl=1&amqp_durable_queues=false",
    "oslo_messaging_rabbit.amqp_durable_queues": "true",
    "DEFAULT.control_exchange": "images",
  });
  assert.deepEqual([set.hosts[0]!.host, set.tls, set.durable, set.exchange], [
    "h",
    { ca: null, cert: null, key: null },
    false,
    "images",
  ]);
  const quorum = options({ "oslo_messaging_rabbit.rabbit_quorum_queue": "true" });
  assert.deepEqual([quorum.durable, quorum.queueArguments], [true, { "x-queue-type": "quorum" }]);
  assert.throws(
    () => options({ "DEFAULT.transport_url": "rabbit://h/?ssl=maybe" }),
    /ssl must be true or false/,
  );
});

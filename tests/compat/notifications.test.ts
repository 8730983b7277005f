/** Notifications through a real RabbitMQ: in the form that oslo.messaging's receivers need, and none lost. */
import assert from "node:assert/strict";
import { startOneglance } from "./support/oneglance.ts";
import { type Got, hasRabbitmq, startRabbitmq, takeFrom } from "./support/rabbitmq.ts";

const BARE = { disk_format: "raw", container_format: "bare" };

/** Returns the content of the envelope. */
function opened(
  { body }: Got,
): { event_type: string; payload: Record<string, unknown>; [name: string]: unknown } {
  assert.equal(body["oslo.version"], "2.0");
  return JSON.parse(String(body["oslo.message"]));
}

async function create(url: string, name: string): Promise<string> {
  const response = await fetch(`${url}/v2/images`, {
    method: "POST",
    body: JSON.stringify({ ...BARE, name }),
  });
  assert.equal(response.status, 201);
  return (await response.json()).id;
}

Deno.test({
  name: "notifications: RabbitMQ gets every event, also those of its own absence and of a killed service" +
    (hasRabbitmq() ? "" : " (rabbitmq-server is not installed)"),
  ignore: !hasRabbitmq(),
  async fn() {
    await using broker = await startRabbitmq();
    const folder = await Deno.makeTempDir({ prefix: "oneglance_" });
    const options = {
      folder,
      set: {
        // No broker listens at the first address.
        DEFAULT: { transport_url: `rabbit://guest:guest@127.0.0.1:9,127.0.0.1:${broker.port}/` },
        oslo_messaging_notifications: { driver: "messagingv2" },
        oslo_messaging_rabbit: { rabbit_interval_max: "1" },
      },
    };
    let server = await startOneglance(options);
    try {
      const id = await create(server.url, "one");
      const put = await fetch(`${server.url}/v2/images/${id}/file`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: "data",
      });
      assert.equal(put.status, 204);
      assert.equal(await (await fetch(`${server.url}/v2/images/${id}/file`)).text(), "data");
      const got = await takeFrom(broker.port, "notifications.info", (all) => all.length >= 6);
      assert.deepEqual(got.map((each) => opened(each).event_type), [
        "image.create",
        "image.prepare",
        "image.upload",
        "image.activate",
        "image.update",
        "image.send",
      ]);
      for (const each of got) {
        assert.deepEqual([each.contentType, each.exchange], ["application/json", "glance"]);
        const message = opened(each);
        assert.deepEqual(Object.keys(message).sort(), [
          "_unique_id",
          "event_type",
          "message_id",
          "payload",
          "priority",
          "publisher_id",
          "timestamp",
        ]);
        assert.equal(message.publisher_id, "image.localhost");
        assert.equal(message.priority, "INFO");
      }
      assert.equal(opened(got.at(-1)!).payload.bytes_sent, 4);

      const failed = await fetch(`${server.url}/v2/images/${await create(server.url, "two")}/file`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream", "x-openstack-image-size": "3" },
        body: "data",
      });
      await failed.body?.cancel();
      assert.equal(failed.status, 400);
      const [error] = await takeFrom(broker.port, "notifications.error", (all) => all.length >= 1);
      assert.match(String(opened(error!).payload), /expected 3 bytes/);
      await takeFrom(broker.port, "notifications.info", (all) => all.length >= 2);

      await broker.down();
      await create(server.url, "before the kill");
      Deno.kill(server.pid, "SIGKILL");
      await server.stop();
      server = await startOneglance(options);
      await create(server.url, "after the kill");
      await broker.up();
      const late = await takeFrom(broker.port, "notifications.info", (all) => all.length >= 2);
      assert.deepEqual(late.map((each) => opened(each).payload.name), ["before the kill", "after the kill"]);
    } finally {
      const { log } = await server.stop();
      await Deno.remove(folder, { recursive: true });
      assert.ok(!log.includes("guest"), log);
    }
  },
});

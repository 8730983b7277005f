/** `image.send`: the notification at the end of a download (docs/reference/background-jobs.md §7). */
import assert from "node:assert/strict";
import { buildApp } from "../../src/app.ts";
import { NOBODY } from "../../src/caller.ts";
import { emitSent } from "../../src/notify/sent.ts";
import { giveLocation } from "../support/give_location.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";
import { drain, takeEvents } from "../support/events.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };
const BARE = { disk_format: "raw", container_format: "bare" };

Deno.test("downloads: whole, short, from the cache", async () => {
  await using service = await startService(ON);
  const ctx = { deps: service.deps, caller: { ...NOBODY, projectId: "p2", userId: "u" }, requestId: "req-1" };
  const image = { id: "i", owner: "p1" };
  await emitSent(ctx, { image, bytes: 4, expected: 4 });
  await emitSent(ctx, { image, bytes: 3, expected: 4, destinationIp: "192.0.2.1" });
  const payload = {
    bytes_sent: 4,
    image_id: "i",
    owner_id: "p1",
    receiver_tenant_id: "p2",
    receiver_user_id: "u",
  };
  assert.deepEqual(await takeEvents(service), [
    ["image.send", "INFO", payload],
    ["image.send", "ERROR", { ...payload, bytes_sent: 3, destination_ip: "192.0.2.1" }],
  ]);
});

/** Downloads and returns the notifications after the server reported whether the response was sent; `take` uses the body. */
async function sendOf(
  service: TestService,
  id: string,
  headers: Record<string, string>,
  sent: boolean,
  take: (response: Response) => Promise<unknown> = (response) => response.bytes(),
) {
  const completed = Promise.withResolvers<void>();
  const response = await buildApp(service.deps).request(`/v2/images/${id}/file`, {
    headers: {
      "x-identity-status": "Confirmed",
      "x-user-id": "u",
      "x-project-id": "p1",
      "x-roles": "member,reader",
      ...headers,
    },
  }, { peer: "127.0.0.1", completed: completed.promise });
  await take(response);
  if (sent) completed.resolve();
  else completed.reject(new Error("not sent"));
  await new Promise((resolve) => setTimeout(resolve));
  // A write of our own comes after that of the event.
  await service.deps.db.write.outbox.record({ events: [] });
  return (await takeEvents(service)).map(([type, priority, { bytes_sent }]) =>
    `${type} ${priority} ${bytes_sent}`
  );
}

Deno.test("image.send says what was taken; a client that leaves is no event", async () => {
  await using service = await startService(ON);
  const data = new Uint8Array(3 << 20);
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, data);
  await drain(service);
  const whole = `image.send INFO ${data.length}`;
  assert.deepEqual(await sendOf(service, id, {}, true), [whole]);
  // All of it was read from the store: see the handler.
  assert.deepEqual(await sendOf(service, id, {}, false), [whole]);
  assert.deepEqual(await sendOf(service, id, { range: "bytes=5-14" }, true), ["image.send INFO 10"]);
  const leave = async (response: Response) => {
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
  };
  assert.deepEqual(await sendOf(service, id, {}, false, leave), []);
});

Deno.test("image.send of data that ends early is an error, known only at its end", async () => {
  const web = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    return new Response(new Blob(["1234"]).stream());
  });
  await using service = await startService({ ...ON, "glance_store.stores": "file,http" });
  const { id } = await service.create(OWNER, BARE);
  await giveLocation(service.deps.db, { id, url: `http://127.0.0.1:${web.addr.port}/`, metadata: {} });
  await service.deps.db.write.images.change({ id, columns: { size: 10 } });
  await drain(service);
  assert.deepEqual(await sendOf(service, id, {}, true), ["image.send ERROR 4"]);
  await web.shutdown();
});

/** The notifications of imports: each store before and after its data, and when the image becomes active (docs/reference/background-jobs.md §7). */
import assert from "node:assert/strict";
import { drain, takeEvents } from "../support/events.ts";
import { breakStore, FORMATS, importNow, serveSite, staged, threeStores } from "../support/imports.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";

const ON = { "oslo_messaging_notifications.driver": "log" };

/** Of images: type, and for `image.prepare` the store. */
const ofImages = (events: [string, string, Record<string, unknown>][]) =>
  events.filter(([type]) => type.startsWith("image."))
    .map(([type, priority, { backend }]) =>
      [type, priority === "INFO" ? "" : priority, backend ?? ""].join(" ").trim()
    );

Deno.test("glance-direct to three stores records each store, then the active image", async () => {
  await using service = await threeStores(ON);
  const id = await staged(service, "data");
  await drain(service);
  const { image } = await importNow(service, id, { method: { name: "glance-direct" }, all_stores: true });
  assert.equal(image.status, "active");
  const events = await takeEvents(service);
  assert.deepEqual(ofImages(events), [
    "image.update",
    "image.prepare  a",
    "image.prepare  b",
    "image.prepare  c",
    "image.upload",
    "image.update",
    "image.upload",
    "image.update",
    "image.upload",
    "image.activate",
    "image.update",
  ]);
  const prepares = events.filter(([type]) => type === "image.prepare");
  for (const [, , payload] of prepares) {
    assert.equal(payload.id, id);
    assert.equal(payload.status, "importing");
    assert.deepEqual(payload.os_glance_importing_to_stores, ["a", "b", "c"]);
    assert.deepEqual(payload.os_glance_failed_import, []);
  }
  assert.deepEqual(
    events.filter(([type]) => type === "image.upload").map(([, , payload]) =>
      payload.os_glance_importing_to_stores
    ),
    [["b", "c"], ["c"], []],
  );
  const ofTask = events.filter(([type]) => type.startsWith("task.")).map(([type]) => type);
  assert.deepEqual([ofTask[0], ofTask.at(-1)], ["task.create", "task.success"]);
});

Deno.test("web-download without stores names no backend", async () => {
  await using service = await startService({ ...ON, "import_filtering_opts.allowed_ports": "[]" });
  await using site = serveSite(() => new Response("data"));
  const { id } = await service.create(OWNER, FORMATS);
  await drain(service);
  await importNow(service, id, { method: { name: "web-download", uri: site.url } });
  const events = await takeEvents(service);
  assert.deepEqual(ofImages(events), [
    "image.update",
    "image.prepare",
    "image.upload",
    "image.activate",
    "image.update",
  ]);
  assert.ok(!("backend" in events.find(([type]) => type === "image.prepare")![2]));
});

Deno.test("a store that refuses the data is recorded as an error, with the text alone", async () => {
  await using service = await threeStores(ON);
  const id = await staged(service, "data");
  await drain(service);
  await breakStore(service, "b");
  const body = { method: { name: "glance-direct" }, stores: ["a", "b"], all_stores_must_succeed: false };
  const { image } = await importNow(service, id, body);
  assert.equal(image.status, "active");
  const events = await takeEvents(service);
  const wrong = events.filter(([, priority]) => priority === "ERROR");
  assert.equal(wrong.length, 1);
  assert.equal(wrong[0]![0], "image.upload");
  assert.equal(typeof wrong[0]![2], "string");
  assert.ok(!String(wrong[0]![2]).includes(service.dir), "no paths");
  assert.equal(events.filter(([type]) => type === "image.activate").length, 1);
});

Deno.test("copy-image records its stores, and no activation", async () => {
  await using service = await threeStores(ON);
  const { id } = await service.create(OWNER, FORMATS);
  await service.upload(id, OWNER, "data");
  await drain(service);
  await importNow(service, id, { method: { name: "copy-image" }, stores: ["b"] }, ADMIN);
  assert.deepEqual(ofImages(await takeEvents(service)), [
    "image.update",
    "image.prepare  b",
    "image.upload",
    "image.update",
  ]);
});

for (
  const [disabled, left] of [
    ["image.prepare", ["image.update", "image.upload", "image.activate", "image.update"]],
    ["image.activate, image.update", ["image.prepare", "image.upload"]],
    ["image", []],
  ] as const
) {
  Deno.test(`an import with disabled_notifications = ${disabled}`, async () => {
    await using service = await startService({ ...ON, "DEFAULT.disabled_notifications": disabled });
    const id = await staged(service, "data");
    await drain(service);
    await importNow(service, id, { method: { name: "glance-direct" } });
    assert.deepEqual(ofImages(await takeEvents(service)), left);
  });
}

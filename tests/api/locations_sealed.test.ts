/** With `metadata_encryption_key` no table keeps the URL of a location in clear, whichever way it came (docs/reference/data-model.md §4). */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { importNow, serveSite, staged, THREE_STORES } from "../support/imports.ts";
import { FORMATS, serveData, WEB_DATA } from "../support/locations.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { snapshot } from "../support/snapshot.ts";

const OPTIONS = {
  ...THREE_STORES,
  "DEFAULT.enabled_backends": "a:file,b:file,c:file,web:http",
  "DEFAULT.show_multiple_locations": "true",
  // What waits to be sent is a table as well.
  "oslo_messaging_notifications.driver": "log",
};
const KEY = { "DEFAULT.metadata_encryption_key": "0123456789abcdef" };

/** Writes locations in every way there is; the URLs that are not those of the file stores. */
async function writeLocations(service: TestService, web: string): Promise<void> {
  const { write, read } = service.deps.db;
  const made = async () => (await service.create(OWNER, FORMATS)).id;
  const done = async (response: Promise<Response>) => {
    const { ok, status } = await response;
    assert.ok(ok, String(status));
  };
  const located = async (path: string) => {
    const id = await made();
    const value = [{ url: `${web}/${path}`, metadata: {} }];
    await done(service.patch(id, OWNER, [{ op: "replace", path: "/locations", value }]));
    return id;
  };
  const post = async (path: string, validation_data: unknown) => {
    const id = await made();
    const body = { url: `${web}/${path}`, validation_data };
    await done(service.ask(`/v2/images/${id}/locations`, OWNER, { method: "POST", body }));
    await service.deps.background.settled();
    return await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  };

  const uploaded = await made();
  await service.upload(uploaded, OWNER, "data");
  await importNow(service, uploaded, { method: { name: "copy-image" }, stores: ["b"] }, ADMIN);
  await importNow(service, await staged(service, "data"), {
    method: { name: "glance-direct" },
    stores: ["a", "b", "c"],
  });
  await using source = serveSite(() => new Response("data"));
  await importNow(service, await made(), { method: { name: "web-download", uri: source.url } });

  const patched = await located("data-replaced");
  const more = { url: `${web}/data-added`, metadata: {} };
  await done(service.patch(patched, OWNER, [{ op: "add", path: "/locations/-", value: more }]));
  const locationIn = async (id: string) =>
    (await read.images.show({ id, viewer: { isAdmin: true, projectId: null } }))!.locations[0]!.id;
  const locationId = await locationIn(patched);
  await write.locations.setMetadata({ id: patched, locationId, metadata: { k: "v" } });
  await done(service.patch(patched, ADMIN, [{ op: "remove", path: "/locations/0" }]));
  const delayed = await located("data-delayed");
  await write.images.delete({ id: delayed, to: "pending_delete" });
  assert.equal((await read.locations.delayed({ imageId: delayed }))[0]!.url, `${web}/data-delayed`);
  const dropped = await located("data-dropped");
  await write.locations.drop({ id: dropped, locationId: await locationIn(dropped), to: "deleted" });

  const sha256 = {
    os_hash_algo: "sha256",
    os_hash_value: createHash("sha256").update(WEB_DATA).digest("hex"),
  };
  const known = await post("data-posted", sha256);
  assert.deepEqual([known.status, known.locations[0].url], ["active", `${web}/data-posted`]);
  assert.equal((await post("data-unknown", {})).status, "active");
  const wrong = await post("data-wrong", { ...sha256, os_hash_value: "0".repeat(64) });
  assert.deepEqual([wrong.status, wrong.locations[0].url], ["queued", `${web}/data-wrong`]);
  assert.equal((await post("none", {})).status, "queued");
  const { tasks } = await (await service.ask(`/v2/images/${known.id}/tasks`, OWNER)).json();
  assert.equal(tasks[0].input.loc_url, `${web}/data-posted`);
}

/** Lines of the tables that hold a URL of the web server, or of a file in a store. */
async function inClear(service: TestService, web: string): Promise<string[]> {
  const lines = (await snapshot(service)).split("\n");
  return lines.filter((line) => line.includes(web) || /file:\/\/[^"]*\/[abc]\//.test(line));
}

Deno.test("no column of any table holds the URL of a location in clear when there is a key", async () => {
  await using web = serveData();
  await using service = await startService({ ...OPTIONS, ...KEY });
  await writeLocations(service, web.url);
  assert.deepEqual(await inClear(service, web.url), []);
});

Deno.test("without a key they are, so that the other test sees them", async () => {
  await using web = serveData();
  await using service = await startService(OPTIONS);
  await writeLocations(service, web.url);
  const tables = new Set((await inClear(service, web.url)).map((line) => line.split(" ", 1)[0]));
  assert.ok(tables.has("image_locations") && tables.has("task_info"), [...tables].join());
});

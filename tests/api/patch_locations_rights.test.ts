/** Who may PATCH `locations`, within which quotas, with which stores: docs/reference/images-api.md §3.8, §3.9, §5.6, §9.8. */
import assert from "node:assert/strict";
import { active, inStatus, queued } from "../support/images.ts";
import { at, FORMATS, located, OPEN_LOCATIONS, serveData } from "../support/locations.ts";
import { add, changes, refuses, remove, replace } from "../support/patch_rows.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";

const empty = queued(FORMATS);

Deno.test("who may change locations, and the option comes after policy", async (t) => {
  await using web = serveData();
  const value = at("data");
  const rows = (has: string): Row[] => [
    refuses(403, "a reader", [add("/locations/-", value)], "set_image_location", {
      who: READER,
      given: empty,
    }),
    refuses(403, "another project on a community image", [add("/locations/-", value)], "set_image_location", {
      who: STRANGER,
      given: queued({ ...FORMATS, visibility: "community" }),
    }),
    refuses(404, "another project on a private image", [add("/locations/-", value)], "", {
      who: STRANGER,
      given: queued({ ...FORMATS, visibility: "private" }),
    }),
    refuses(403, "the owner removes", [remove("/locations/0")], "delete_image_location", { given: active() }),
    refuses(403, "nothing, before policy", [replace("/locations", [])], has, { who: READER, given: empty }),
  ];
  await t.step("with show_multiple_locations", async (t) => {
    await using service = await startService(OPEN_LOCATIONS);
    await runTable(t, service, rows("Cannot set locations to empty list."), { web: web.url });
  });
  await t.step("without", async (t) => {
    await using service = await startService({ "glance_store.stores": "file,http" });
    const invisible = (verb: string) => `It's not allowed to ${verb} locations if locations are invisible.`;
    await runTable(t, service, [
      ...rows("Cannot set locations to empty list."),
      refuses(403, "add", [add("/locations/-", value)], invisible("add"), { given: empty }),
      refuses(403, "replace", [replace("/locations", [value])], invisible("update"), { given: empty }),
      refuses(403, "remove", [remove("/locations/0")], invisible("remove"), { given: active(), who: ADMIN }),
      refuses(403, "before the status", [add("/locations/-", value)], invisible("add"), {
        given: inStatus("saving"),
      }),
    ], { web: web.url });
  });
});

Deno.test("quotas of locations", async (t) => {
  await using web = serveData();
  await t.step("image_location_quota", async (t) => {
    await using service = await startService({ ...OPEN_LOCATIONS, "DEFAULT.image_location_quota": "2" });
    const two = located(web.url, at("data1"), at("data2"));
    const text =
      "The limit has been exceeded on the number of allowed image locations. Attempted: 3, Maximum: 2";
    const three = ["data1", "data2", "data3"].map((path) => at(path));
    await runTable(t, service, [
      refuses(413, "one more", [add("/locations/-", at("data3"))], text, { given: two }),
      refuses(413, "three at once", [replace("/locations", three)], text, { given: empty }),
      refuses(413, "three one by one", three.map((one) => add("/locations/-", one)), text, { given: empty }),
      changes(
        "metadata of what is there",
        [replace("/locations", [at("data1", { a: "b" }), at("data2")])],
        {},
        {
          given: two,
        },
      ),
    ], { web: web.url });
  });
  await t.step("the default is 10", async () => {
    await using service = await startService(OPEN_LOCATIONS);
    const { id } = await service.create(OWNER, FORMATS);
    for (let i = 0; i < 11; i++) {
      const value = { url: `${web.url}/data${i}`, metadata: {} };
      const answer = await service.patch(id, OWNER, [add("/locations/-", value)]);
      assert.equal(answer.status, i < 10 ? 200 : 413, await answer.text());
    }
  });
  await t.step("user_storage_quota", async (t) => {
    await using service = await startService({ ...OPEN_LOCATIONS, "DEFAULT.user_storage_quota": "15" });
    const text =
      "Denying attempt to upload image because it exceeds the quota: The size of the data 20 will " +
      "exceed the limit. 15 bytes remaining.";
    await runTable(t, service, [
      refuses(413, "two of ten", [replace("/locations", [at("data1"), at("data2")])], text, { given: empty }),
      changes("one of ten", [add("/locations/-", at("data1"))], { size: 10 }, { given: empty }),
      refuses(413, "the next", [add("/locations/-", at("data1"))], "5 bytes remaining", { given: empty }),
    ], { web: web.url });
  });
});

Deno.test("several stores: the store of a URL is found, and another project sees the URL as well", async (t) => {
  await using web = serveData();
  await using service = await startService({
    ...OPEN_LOCATIONS,
    "DEFAULT.enabled_backends": "fast:file,web:http",
    "glance_store.default_backend": "fast",
    "fast.filesystem_store_datadir": "{dir}/fast",
  });
  await runTable(t, service, [
    changes("by its scheme", [add("/locations/-", at("data"))], {}, {
      given: queued({ ...FORMATS, visibility: "community" }),
      async then(service, { id }) {
        for (const who of [OWNER, STRANGER]) {
          const { stores, locations } = await (await service.ask(`/v2/images/${id}`, who)).json();
          assert.equal(stores, "web");
          assert.deepEqual(locations, [{ url: `${web.url}/data`, metadata: { store: "web" } }]);
        }
      },
    }),
  ], { web: web.url });
});

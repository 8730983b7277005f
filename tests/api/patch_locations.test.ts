/** `locations` in a PATCH: docs/reference/images-api.md §3.8, §5.6, §9.8. */
import assert from "node:assert/strict";
import { active, all, inStatus, queued } from "../support/images.ts";
import { add, changes, refuses, remove, replace } from "../support/patch_rows.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { at, deadUrl, FORMATS, located, OPEN_LOCATIONS, paths, serveData } from "../support/locations.ts";

const NONE = { checksum: null, os_hash_algo: null, os_hash_value: null };
const HASHES = { checksum: "a".repeat(32), os_hash_algo: "sha512", os_hash_value: "b".repeat(128) };

const vouched = (path: string, validation_data: unknown) => ({ ...at(path), validation_data });
const detail = (message: string) => `<br /><br />\\n${message}\\n\\n`;
const empty = queued(FORMATS);

const keeps = (wanted: unknown): Row["then"] => async (service: TestService, { id }: Given) => {
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  for (const [key, value] of Object.entries(wanted as Record<string, unknown>)) {
    assert.deepEqual(image[key], value, key);
  }
};
/** Neither the answer nor a later GET repeats what the caller vouched for. */
const showsNothing: Row["then"] = async (service, { id }, body) => {
  assert.ok(!body.includes("validation_data"), body);
  assert.ok(!(await (await service.ask(`/v2/images/${id}`, OWNER)).text()).includes("validation_data"));
};

Deno.test("URLs that a location may have", async (t) => {
  await using web = serveData();
  await using service = await startService(OPEN_LOCATIONS);
  const bad = (name: string, url: string): Row =>
    refuses(400, name, [add("/locations/-", { url, metadata: {} })], "Invalid location", { given: empty });
  await runTable(t, service, [
    bad("the service's own disk", "file:///etc/passwd"),
    bad("the same by another name", "filesystem:///etc/passwd"),
    bad("the same in upper case", "FILE:///etc/passwd"),
    bad("the service's own account", "swift+config://ref1/container/object"),
    bad("a scheme that no store has", "foo://x/y"),
    bad("a store that is not enabled", "rbd://fsid/pool/image/snap"),
    bad("nothing is there", "{web}/none"),
    bad("no byte is there", "{web}/empty"),
    refuses(
      400,
      "nobody answers",
      [add("/locations/-", { url: "{dead}", metadata: {} })],
      "does not answer",
      {
        given: empty,
      },
    ),
    bad("no URL", "nonsense"),
    bad("among good ones", "file:///etc/passwd"),
    refuses(400, "one of several", [replace("/locations", [at("data"), at("none")])], "Invalid location", {
      given: empty,
    }),
    refuses(400, "metadata that holds a number", [add("/locations/-", at("data", { n: 1 }))], "location", {
      given: empty,
    }),
  ], { web: web.url, dead: deadUrl() });
});

Deno.test("add", async (t) => {
  await using web = serveData();
  await using service = await startService(OPEN_LOCATIONS);
  const one = located(web.url, at("data"));
  const two = located(web.url, at("data1"), at("data2"));
  await runTable(t, service, [
    changes(
      "a queued image becomes active, its hashes are not known",
      [add("/locations/-", at("data", { a: "b" }))],
      { status: "active", size: 10, virtual_size: null, ...NONE, locations: [at("data", { a: "b" })] },
      { given: empty, then: keeps({ status: "active", size: 10, ...NONE }) },
    ),
    changes("by position", [add("/locations/0", at("data"))], { status: "active" }, { given: empty }),
    changes(
      "several in one document",
      [add("/locations/-", at("data1")), add("/locations/-", at("data2"))],
      { status: "active", locations: [at("data1"), at("data2")] },
      { given: empty, then: paths("/data1", "/data2") },
    ),
    changes(
      "a position is that of the answer, and not kept",
      [add("/locations/0", at("data3"))],
      { locations: [at("data3"), at("data1"), at("data2")] },
      { given: two, then: paths("/data1", "/data2", "/data3") },
    ),
    changes("a position beyond the end appends", [add("/locations/99", at("data3"))], {
      locations: [at("data1"), at("data2"), at("data3")],
    }, { given: two }),
    ...["x", "-1", "1.5"].map((position) =>
      refuses(
        400,
        `position ${position}`,
        [add(`/locations/${position}`, at("data3"))],
        "Invalid position for adding a location.",
        { given: one },
      )
    ),
    refuses(400, "twice", [add("/locations/-", at("data"))], "The location {web}/data already exists", {
      given: one,
    }),
    changes("twice with other metadata", [add("/locations/-", at("data", { a: "b" }))], {
      locations: [at("data"), at("data", { a: "b" })],
    }, { given: one }),
    refuses(
      400,
      "no formats",
      [add("/locations/-", at("data"))],
      "disk_format, container_format must be set",
      { given: queued() },
    ),
    ...(["saving", "uploading", "importing", "deactivated", "killed"] as const).map((status) =>
      refuses(
        409,
        `while ${status}`,
        [add("/locations/-", at("data"))],
        `It's not allowed to add locations if image status is ${status}.`,
        { given: inStatus(status, FORMATS) },
      )
    ),
    changes("the data can be read", [add("/locations/-", at("data"))], {}, {
      given: empty,
      async then(service, { id }) {
        const data = await service.ask(`/v2/images/${id}/file`, OWNER);
        assert.deepEqual([data.status, await data.text()], [200, "0123456789"]);
        assert.equal(data.headers.get("content-md5"), null);
      },
    }),
  ], { web: web.url });
});

Deno.test("validation_data", async (t) => {
  await using web = serveData();
  await using service = await startService(OPEN_LOCATIONS);
  const known = located(web.url, { ...vouched("data1", HASHES) });
  const unknown = located(web.url, at("data1"));
  const { checksum: _, ...pair } = HASHES;
  const bad = (status: number, name: string, data: unknown, has: Row["has"] = "", given = empty) =>
    refuses(status, name, [add("/locations/-", vouched("data2", data))], has, { given });
  await runTable(t, service, [
    changes("becomes the image's, unverified", [add("/locations/-", vouched("data2", HASHES))], HASHES, {
      given: empty,
      then: showsNothing,
    }),
    changes("by replace", [replace("/locations", [vouched("data2", HASHES)])], HASHES, {
      given: empty,
      then: showsNothing,
    }),
    changes(
      "without a checksum",
      [add("/locations/-", vouched("data2", pair))],
      { ...pair, checksum: null },
      {
        given: empty,
      },
    ),
    changes("the same for a second location", [add("/locations/-", vouched("data2", HASHES))], HASHES, {
      given: known!,
      then: showsNothing,
    }),
    bad(409, "another checksum", { ...HASHES, checksum: "c".repeat(32) }, "checksum", known!),
    bad(409, "another algorithm", { ...HASHES, os_hash_algo: "sha256" }, "os_hash_algo", known!),
    bad(409, "another value", { ...HASHES, os_hash_value: "c".repeat(128) }, "os_hash_value", known!),
    bad(409, "new values for an active image", HASHES, "", unknown!),
    bad(409, "not the configured algorithm", {
      ...HASHES,
      os_hash_algo: "sha256",
      os_hash_value: "b".repeat(64),
    }, [
      "os_hash_algo must be sha512, not sha256",
    ]),
    bad(409, "a value of another length", { ...pair, os_hash_value: "b".repeat(127) }),
    bad(409, "a value that is not hexadecimal", { ...pair, os_hash_value: "z".repeat(128) }),
    bad(409, "a checksum that is not hexadecimal", { ...HASHES, checksum: "z".repeat(32) }),
    refuses(
      409,
      "several that differ",
      [replace("/locations", [
        vouched("data1", HASHES),
        vouched("data2", { ...HASHES, os_hash_value: "c".repeat(128) }),
      ])],
      "",
      { given: empty },
    ),
    ...[
      { os_hash_algo: "sha512" },
      { os_hash_value: "b".repeat(128) },
      { ...HASHES, checksum: "a".repeat(31) },
      { ...HASHES, checksum: "a".repeat(33) },
      { ...HASHES, os_hash_algo: "x".repeat(65) },
      { ...HASHES, os_hash_value: "b".repeat(129) },
      { ...HASHES, more: "x" },
      {},
    ].map((data) => bad(400, "of another shape", data, "Provided object does not match schema 'image'")),
  ], { web: web.url });
});

Deno.test("replace", async (t) => {
  await using web = serveData();
  await using service = await startService(OPEN_LOCATIONS);
  const two = located(web.url, at("data1", { a: "1" }), at("data2"));
  const set = (...value: unknown[]) => [replace("/locations", value)];
  await runTable(t, service, [
    changes("sets those of a queued image", set(at("data1"), at("data2")), {
      status: "active",
      size: 10,
      locations: [at("data1"), at("data2")],
    }, { given: empty, then: paths("/data1", "/data2") }),
    changes("by what is there", set(at("data1", { a: "1" }), at("data2")), {
      locations: [at("data1", { a: "1" }), at("data2")],
    }, { given: two }),
    changes("by other metadata", set(at("data1", { a: "2", l: ["x"] }), at("data2", { b: "3" })), {
      locations: [at("data1", { a: "2", l: ["x"] }), at("data2", { b: "3" })],
    }, {
      given: two,
      async then(service, { id }) {
        const { locations } = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
        assert.deepEqual(
          locations.map(({ metadata }: { metadata: unknown }) => metadata),
          [{ a: "2", l: ["x"] }, { b: "3" }],
        );
      },
    }),
    changes("in another order, which is not kept", set(at("data2"), at("data1", { a: "1" })), {
      locations: [at("data2"), at("data1", { a: "1" })],
    }, { given: two, then: paths("/data1", "/data2") }),
    refuses(400, "by fewer", set(at("data1", { a: "1" })), "", { given: two }),
    refuses(400, "by more", set(at("data1"), at("data2"), at("data3")), "", { given: two }),
    refuses(400, "by others", set(at("data1"), at("data3")), "", { given: two }),
    refuses(403, "by none", set(), detail("Cannot set locations to empty list."), { given: two }),
    refuses(403, "by none, by an administrator", set(), "Cannot set locations to empty list.", {
      given: two,
      who: ADMIN,
    }),
    refuses(400, "data in the store by another URL", set(at("data1")), "", { given: active() }),
    refuses(
      409,
      "while deactivated",
      set(at("data1")),
      "It's not allowed to replace locations if image status is deactivated.",
      { given: inStatus("deactivated", FORMATS) },
    ),
  ], { web: web.url });
});

Deno.test("remove", async (t) => {
  await using web = serveData();
  await using service = await startService(OPEN_LOCATIONS);
  const one = located(web.url, at("data1"));
  const three = located(web.url, at("data1"), at("data2"), at("data3"));
  const by = (position: string) => [remove(`/locations/${position}`)];
  await runTable(t, service, [
    changes("by position", by("1"), { locations: [at("data1"), at("data3")] }, {
      given: three,
      who: ADMIN,
      then: paths("/data1", "/data3"),
    }),
    changes("the last by -", by("-"), { locations: [at("data1"), at("data2")] }, {
      given: three,
      who: ADMIN,
    }),
    changes("several", [...by("0"), ...by("0")], { locations: [at("data3")] }, {
      given: three,
      who: ADMIN,
      then: paths("/data3"),
    }),
    refuses(403, "the only one", by("0"), "Cannot remove last location in the image.", {
      given: one,
      who: ADMIN,
    }),
    refuses(403, "all, one after the other", [...by("0"), ...by("0"), ...by("0")], "Cannot remove last", {
      given: three,
      who: ADMIN,
    }),
    refuses(403, "by the owner", by("0"), "delete_image_location", { given: three }),
    ...["3", "x"].map((position) =>
      refuses(400, `position ${position}`, by(position), "Invalid position for removing a location.", {
        given: three,
        who: ADMIN,
      })
    ),
    ...(["queued", "saving", "deactivated"] as const).map((status) =>
      refuses(
        409,
        `while ${status}`,
        by("0"),
        `It's not allowed to remove locations if image status is ${status}.`,
        { given: status === "queued" ? empty : inStatus(status, FORMATS), who: ADMIN },
      )
    ),
    changes("takes the data out of its store at once", by("0"), { locations: [at("data1")] }, {
      who: ADMIN,
      given: all(active({ name: "fresh" }), async (service) => {
        const { images } = await (await service.ask("/v2/images?status=active&name=fresh", OWNER)).json();
        const value = { url: `${web.url}/data1`, metadata: {} };
        const answer = await service.patch(images[0].id, OWNER, [add("/locations/-", value)]);
        assert.equal(answer.status, 200, await answer.text());
        return { id: images[0].id };
      }),
      then: (service) => assert.deepEqual([...Deno.readDirSync(`${service.dir}/images`)], []),
    }),
  ], { web: web.url });
});

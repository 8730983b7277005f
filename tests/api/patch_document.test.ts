/** What a PATCH document must be, before any image is looked up: docs/reference/images-api.md §5.1–5.3, §9.5. */
import { type Row, runTable } from "../support/scenario.ts";
import { PATCH_TYPE, startService } from "../support/service.ts";

const V20 = "application/openstack-images-v2.0-json-patch";
const ACCEPT_PATCH = `${V20}, ${PATCH_TYPE}`;
const SCHEMA = "Provided object does not match schema 'image'";

// No image is there: a refusal of the document wins over 404, and 404 shows that the document was good.
const document = (
  status: number,
  name: string,
  body: unknown,
  has: Row["has"] = "",
  type = PATCH_TYPE,
): Row => ({
  name,
  ask: "PATCH /v2/images/none",
  headers: { "content-type": type },
  ...(body === undefined ? {} : { body }),
  status,
  has,
});
const good = (name: string, operation: unknown) =>
  document(404, name, [operation], "No image found with ID none");
const goodOld = (name: string, operation: unknown) =>
  document(404, name, [operation], "No image found with ID none", V20);
const bad = (name: string, operation: unknown, has: Row["has"] = "") => document(400, name, [operation], has);
const badOld = (name: string, operation: unknown, has: Row["has"] = "") =>
  document(400, name, [operation], has, V20);
const set = (path: unknown, value: unknown) => ({ op: "replace", path, value });

const READ_ONLY = [
  ..."created_at updated_at status checksum size virtual_size direct_url self file schema id".split(" "),
  ..."os_hash_algo os_hash_value stores".split(" "),
];
const RESERVED = ["location", "deleted", "deleted_at", "os_glance_x", "os_glancex", "os_glance_import_task"];

const MEDIA: Row[] = [
  ...[
    "application/json",
    "application/json-patch+json",
    "application/openstack-images-v2.2-json-patch",
    "text/plain",
    "",
  ].map((type): Row => ({
    ...document(415, "another media type", [], [
      "415 Unsupported Media Type",
      `The request media type ${type} is not supported by this server.`,
    ], type),
    gives: { "accept-patch": ACCEPT_PATCH, connection: "close" },
  })),
  {
    name: "no media type",
    ask: "PATCH /v2/images/none",
    headers: { "content-type": "" },
    body: [],
    status: 415,
    gives: { "accept-patch": ACCEPT_PATCH },
  },
  { ...document(415, "the media type before the body", "nonsense", "", "application/json") },
  document(404, "parameters are allowed", [], "", `${PATCH_TYPE}; charset=utf-8`),
  document(404, "upper and lower case", [], "", PATCH_TYPE.toUpperCase()),
  document(404, "upper and lower case", [], "", "Application/OpenStack-Images-v2.0-JSON-Patch ; a=b"),
];

const SHAPES: Row[] = [
  document(400, "no body", undefined, "Body expected in request."),
  document(400, "no JSON", "[{", "Malformed JSON in request body."),
  document(400, "an object", {}, "Request body must be a JSON array of operation objects."),
  ...["true", "5", '"x"', "null"].map((body) =>
    document(400, "a scalar", body, "Unexpected body type. Expected list/dict.")
  ),
  ...[5, "x", null, true, []].map((element) =>
    document(400, "no object inside", [element], "Operations must be JSON objects.")
  ),
  bad("no op", { path: "/name", value: "x" }),
  ...["move", "copy", "test", "Replace", "", null, 5, {}].map((op) =>
    bad("no such op", { op, path: "/name", value: "x" })
  ),
  bad("no path", { op: "add", value: "x" }),
  ...[5, null, {}, ["/name"]].map((path) => bad("a path that is no string", set(path, "x"))),
  bad("add without value", { op: "add", path: "/kind" }),
  bad("replace without value", { op: "replace", path: "/name" }),
  good("remove with value", { op: "remove", path: "/kind", value: 5 }),
  good("extra keys", { op: "add", path: "/kind", value: "x", from: "/name", comment: 5 }),
  badOld(
    "old: none",
    { path: "/name", value: "x" },
    "exactly one member named 'add', 'remove', or 'replace'",
  ),
  badOld("old: several", { add: "/a", replace: "/a", value: "x" }, "exactly one member"),
  badOld("old: the new form", set("/name", "x")),
  badOld("old: a path that is no string", { add: 5, value: "x" }),
  badOld("old: add without value", { add: "/kind" }),
  badOld("old: replace without value", { replace: "/name" }),
  goodOld("old: remove with value", { remove: "/kind", value: 5 }),
  goodOld("old: add", { add: "/kind", value: "x" }),
  bad("new: the old form", { add: "/kind", value: "x" }),
];

const PATHS: Row[] = [
  ...["name", "", "kind/", "/kind/", "/a//b", "///a", "/", "//", "/ ", "/~", "/a~2", "/a~", "/~ 1"].map((
    path,
  ) => bad("a bad pointer", set(path, "x"))),
  ...["/a/b", "/tags/-", "/tags/0", "/name/x", "/locations/0", "/locations/-", "/locations/0/metadata"].map((
    path,
  ) => bad("several segments", set(path, "x"), "Invalid JSON pointer for this resource")),
  bad("several segments, named", set("/a/b", "x"), "Invalid JSON pointer for this resource: '/a/b'"),
  bad("add of all locations", { op: "add", path: "/locations", value: [] }, "Invalid JSON pointer"),
  bad("remove of all locations", { op: "remove", path: "/locations" }, "Invalid JSON pointer"),
  bad("deeper than a location", { op: "remove", path: "/locations/0/url" }, "Invalid JSON pointer"),
  ...["/kind", "/a~1b", "/a~0b", "/ name ", "//kind", "/locations~1x", "/~01", "/k k"].map((path) =>
    good("a good pointer", { op: "add", path, value: "x" })
  ),
];

const ATTRIBUTES: Row[] = [
  ...READ_ONLY.flatMap((name) =>
    ["add", "replace", "remove"].map((op) =>
      document(
        403,
        `read-only, explanation form: ${op}`,
        [{ op, path: `/${name}`, value: "x" }],
        `"Attribute '${name}' is read-only.<br /><br />\\n\\n\\n"`,
      )
    )
  ),
  ...READ_ONLY.map((name) =>
    document(403, "read-only in the old dialect", [{ replace: `/${name}`, value: "x" }], "read-only", V20)
  ),
  ...RESERVED.flatMap((name) =>
    ["add", "replace", "remove"].map((op) =>
      document(
        403,
        `reserved, explanation form: ${op}`,
        [{ op, path: `/${name}`, value: "x" }],
        `"Attribute '${name}' is reserved.<br /><br />\\n\\n\\n"`,
      )
    )
  ),
  ...Object.entries({
    name: [5, {}, true, "n".repeat(256)],
    visibility: ["everybody", null, 5],
    protected: ["true", 1, null],
    os_hidden: ["false", 0, null],
    owner: [5, "o".repeat(256)],
    tags: ["a", null, [1], [null], {}, ["t".repeat(256)]],
    min_ram: [-1, 2147483648, 1.5, "1", null],
    min_disk: [-1, 2147483648, 1.5, "1", null],
    disk_format: ["floppy", "", 5],
    container_format: ["box", "", 5],
    kind: [5, null, true, [], {}],
    ["k".repeat(256)]: ["x"],
  }).flatMap(([name, values]) =>
    values.flatMap((value) => [
      bad(`the value of ${name.slice(0, 20)}`, set(`/${name}`, value), name.length > 255 ? "" : SCHEMA),
      bad(`the value of ${name.slice(0, 20)}`, { op: "add", path: `/${name}`, value }),
    ])
  ),
  ...Object.entries({
    name: [null, "", "n".repeat(255)],
    owner: [null, ""],
    tags: [[], ["a", "a"]],
    min_ram: [0, 2147483647],
    disk_format: [null, "raw", "ploop"],
    container_format: [null, "compressed"],
    kind: ["", "v".repeat(65535)],
    ["k".repeat(255)]: ["x"],
  }).flatMap(([name, values]) =>
    values.map((value) => good(`the value of ${name.slice(0, 20)}`, set(`/${name}`, value)))
  ),
  bad("a value of 65536 bytes", set("/kind", "v".repeat(65536))),
  ...["/name", "/owner", "/kind"].map((path) =>
    bad("beyond the basic plane", set(path, "💥"), "could not be decoded")
  ),
  bad("beyond the basic plane", set("/tags", ["💥"]), "could not be decoded"),
  bad("beyond the basic plane", { op: "add", path: "/💥", value: "x" }, "could not be decoded"),
  ...["url", 5, null, {}, { url: "http://x" }, { metadata: {} }, { url: "http://x", metadata: "x" }, {
    url: `http://${"x".repeat(250)}`,
    metadata: {},
  }].map((value) => bad("a location that is none", { op: "add", path: "/locations/-", value }, SCHEMA)),
  bad("locations that are none", set("/locations", {}), SCHEMA),
  bad("locations that are none", set("/locations", ["x"]), SCHEMA),
  document(400, "the response names the first mistake", [set("/name", 5), set("/id", "x")], SCHEMA),
  document(403, "the response names the first mistake", [set("/id", "x"), set("/name", 5)], "read-only"),
  document(404, "an empty array", []),
];

Deno.test("PATCH documents", async (t) => {
  await using service = await startService();
  await runTable(t, service, [...MEDIA, ...SHAPES, ...PATHS, ...ATTRIBUTES]);
});

/** What POST /v2/images refuses, and in which order it looks: docs/reference/images-api.md §2.1, §3.7, §3.9, §9.2. */
import { makes, refuses } from "../support/create_rows.ts";
import { all, queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";

const detail = (message: string) => `<br /><br />\\n${message}\\n\\n`;
const SCHEMA = "Provided object does not match schema 'image'";

const READ_ONLY = {
  direct_url: "file:///x",
  self: "/x",
  file: "/x",
  schema: "/x",
  stores: "x",
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  status: "active",
  checksum: "d41d8cd98f00b204e9800998ecf8427e",
  size: 5,
  virtual_size: null,
  os_hash_algo: "sha512",
  os_hash_value: "00",
};

const REFUSED: Row[] = [
  {
    name: "no body",
    ask: "POST /v2/images",
    status: 400,
    has: "Body expected in request.",
    gives: { "openstack-image-import-methods": null, location: null },
  },
  ...['{"name": ', "{'name': 'x'}", "nonsense", "{}{}"].map((body) =>
    refuses(400, "bad JSON", body, "Malformed JSON in request body.")
  ),
  ...["true", '"x"', "5", "null"].map((body) =>
    refuses(400, "scalar JSON", body, "Unexpected body type. Expected list/dict.")
  ),
  refuses(400, "an array", []),
  ...Object.entries(READ_ONLY).map(([name, value]) =>
    refuses(403, "read-only", { [name]: value }, `Attribute '${name}' is read-only.`)
  ),
  ...["location", "deleted", "deleted_at", "os_glance_x", "os_glancex", "os_glance"].map((name) =>
    refuses(403, "reserved, detail form", { [name]: "x" }, [
      "Access was denied to this resource.",
      detail(`Attribute '${name}' is reserved.`),
    ])
  ),
  refuses(403, "locations, even none", { locations: [] }, "'locations' is reserved."),
  refuses(403, "locations", { locations: [{ url: "http://x/y", metadata: {} }] }, "'locations' is reserved."),
  ...Object.entries({
    name: 5,
    visibility: "everybody",
    protected: "true",
    os_hidden: 1,
    owner: 7,
    tags: "a",
    min_ram: "1",
    min_disk: 1.5,
    disk_format: "floppy",
    container_format: "box",
    id: "1234",
    size: "5",
    status: "bogus",
    locations: "x",
    kind: 5,
  }).map(([name, value]) => refuses(400, "schema", { [name]: value }, SCHEMA)),
  ...[null, 5, true, [], {}].map((value) =>
    refuses(400, "a property that is no string", { kind: value }, SCHEMA)
  ),
  ...["min_ram", "min_disk", "protected", "os_hidden", "visibility", "tags", "id"].map((name) =>
    refuses(400, "null where none may be", { [name]: null }, SCHEMA)
  ),
  ...["min_ram", "min_disk"].flatMap((name) =>
    [-1, 2147483648, 1e30].map((value) => refuses(400, "out of range", { [name]: value }))
  ),
  refuses(400, "an empty format", { disk_format: "" }),
  refuses(400, "an empty format", { container_format: "" }),
  refuses(400, "tags that are no strings", { tags: [1] }),
  refuses(400, "tags null inside", { tags: [null] }),
  refuses(400, "a name of 256 characters", { name: "n".repeat(256) }),
  refuses(400, "an owner of 256 characters", { owner: "n".repeat(256) }, "", ADMIN),
  refuses(400, "a tag of 256 characters", { tags: ["t".repeat(256)] }),
  refuses(400, "a property name of 256 characters", { ["k".repeat(256)]: "v" }),
  refuses(400, "an empty property name", { "": "v" }),
  refuses(400, "a property value of 65536 bytes", { kind: "v".repeat(65536) }),
  refuses(400, "a property value of 65537 bytes in fewer characters", { kind: "é".repeat(32769) }),
  refuses(400, "beyond the basic plane: name", { name: "💥" }, "could not be decoded by Glance: name"),
  refuses(400, "beyond the basic plane: tag", { tags: ["💥"] }, "could not be decoded"),
  refuses(400, "beyond the basic plane: property", { kind: "💥" }, "could not be decoded by Glance: kind"),
  refuses(400, "beyond the basic plane: property name", { "💥": "x" }, "could not be decoded"),
  refuses(400, "beyond the basic plane: owner", { owner: "💥" }, "could not be decoded", ADMIN),

  refuses(
    403,
    "public by a member",
    { visibility: "public" },
    "not authorized to complete publicize_image action",
  ),
  refuses(403, "a reader", {}, "You are not authorized to complete add_image action.", READER),
  refuses(403, "another owner, detail form", { owner: "p2" }, [
    "Access was denied to this resource.",
    "You are not permitted to create images owned by 'p2'",
  ]),
  refuses(403, "no owner by a member", { owner: null }, "You are not permitted to create images owned by"),
  refuses(
    403,
    "an empty owner by a member",
    { owner: "" },
    "You are not permitted to create images owned by ''",
  ),
  refuses(
    413,
    "129 tags",
    { tags: Array.from({ length: 129 }, (_, i) => `t${i}`) },
    "Attempted: 129, Maximum: 128",
  ),
  refuses(
    413,
    "129 tags, duplicates included",
    { tags: Array(129).fill("t") },
    "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128",
  ),
  refuses(
    413,
    "129 properties",
    Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`p${i}`, ""])),
    "The limit has been exceeded on the number of allowed image properties. Attempted: 129, Maximum: 128",
  ),
  makes("128 tags and properties", {
    tags: Array.from({ length: 128 }, (_, i) => `t${i}`),
    ...Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`p${i}`, ""])),
  }),

  { ...refuses(409, "an id twice", { id: "{id}" }), given: queued() },
  {
    ...refuses(409, "an id twice, by a stranger", { id: "{id}" }, "Image ID {id} already exists!", STRANGER),
    given: queued(),
  },
  {
    ...refuses(409, "the id of a deleted image", { id: "{id}" }),
    given: all(queued(), async (service) => {
      const { id } = await service.create(OWNER);
      await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
      return { id };
    }),
  },

  // Of several mistakes the response names the first in upstream's order.
  refuses(403, "links before the schema", { self: "/x", name: 5 }, "'self' is read-only."),
  refuses(400, "the schema before reserved names", { os_glance_x: "x", name: 5 }, SCHEMA),
  refuses(
    400,
    "the schema before reserved names, whose value is no string either",
    { os_glance_x: 5 },
    SCHEMA,
  ),
  refuses(400, "the schema before read-only names", { size: 5, name: 5 }, SCHEMA),
  refuses(400, "name length before reserved names", { os_glance_x: "x", ["k".repeat(256)]: "v" }),
  refuses(403, "reserved names before policy", { os_glance_x: "x" }, "'os_glance_x' is reserved.", READER),
  refuses(403, "policy before the quota", { tags: Array(129).fill("t") }, "add_image", READER),
  refuses(403, "policy before read-only names", { size: 5 }, "add_image", READER),
  refuses(413, "the quota before read-only names", { size: 5, tags: Array(129).fill("t") }),
];

Deno.test("images are refused", async (t) => {
  await using service = await startService();
  await runTable(t, service, REFUSED);
});

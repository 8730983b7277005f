/** GET /v2/images/{id}/file, row by row of docs/reference/images-api.md §2.6.2 and §9.3. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inStatus, queued, sharedWith } from "../support/images.ts";
import { type Given, type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type TestService } from "../support/service.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const MD5 = createHash("md5").update(LETTERS).digest("hex");
const BARE = { disk_format: "raw", container_format: "bare" };

/** An active image of OWNER with the 26 letters. */
const letters = (body: Record<string, unknown> = {}) => async (service: TestService): Promise<Given> => {
  const { id } = await service.create(OWNER, { ...BARE, ...body });
  await service.upload(id, OWNER, LETTERS);
  return { id };
};

const NEVER = {
  "accept-ranges": null,
  etag: null,
  "last-modified": null,
  "content-disposition": null,
  "x-openstack-request-id": /^req-/,
};

const gives = (name: string, row: Partial<Row> = {}): Row => ({
  name,
  ask: "GET /v2/images/{id}/file",
  status: 200,
  text: LETTERS,
  ...row,
  gives: {
    "content-type": "application/octet-stream",
    "content-length": "26",
    "content-md5": MD5,
    "content-range": null,
    ...NEVER,
    ...row.gives,
  },
});

/** Nothing to read. */
const empty = (name: string, row: Partial<Row> = {}): Row => ({
  name,
  ask: "GET /v2/images/{id}/file",
  status: 204,
  text: "",
  ...row,
  gives: { "content-type": null, "content-length": null, "content-md5": null, ...NEVER },
});

const refuses = (status: number, name: string, row: Partial<Row> = {}): Row => ({
  name,
  ask: "GET /v2/images/{id}/file",
  status,
  ...row,
});

const part = (range: string, [first, last]: [number, number], header = "range"): Row => ({
  name: `${header}: ${range}`,
  ask: "GET /v2/images/{id}/file",
  headers: { [header]: range },
  status: 206,
  text: LETTERS.slice(first, last + 1),
  gives: {
    "content-type": "application/octet-stream",
    "content-range": `bytes ${first}-${last}/26`,
    "content-length": String(last - first + 1),
    "content-md5": MD5,
    ...NEVER,
  },
});

const badRange = (status: 400 | 416, range: string, header = "range", size = 26): Row => ({
  name: `${header}: ${range}`,
  ask: "GET /v2/images/{id}/file",
  headers: { [header]: range },
  status,
  gives: { "content-range": status === 416 ? `bytes */${size}` : null },
  ...(status === 416 ? { json: { code: "416 Request Range Not Satisfiable" } } : {}),
});

Deno.test("whole images", async (t) => {
  await using service = await startService();
  const common = await letters()(service);
  await runTable(t, service, [
    gives("by its owner"),
    gives("by an administrator", { who: ADMIN }),
    gives("Accept is not looked at", { headers: { accept: "text/html" } }),
    gives("an empty Range is none", { headers: { range: "" } }),
    gives("a Range of blanks is none", { headers: { range: "  " } }),
    gives("unknown query parameters are nothing", { ask: "GET /v2/images/{id}/file?foo=bar" }),
    gives("prefer of nothing is none", { ask: "GET /v2/images/{id}/file?prefer=%20,,%20" }),
    gives("a hidden and protected image", { given: letters({ os_hidden: true, protected: true }) }),
    gives("a community image by another project", {
      who: STRANGER,
      given: async (service) => {
        const given = await letters()(service);
        await service.deps.db.write.images.change({ id: given.id!, columns: { visibility: "community" } });
        return given;
      },
    }),
    gives("a shared image by a member who has not answered", {
      who: STRANGER,
      given: async (service) => {
        const given = await letters()(service);
        await service.deps.db.write.members.add({ imageId: given.id!, member: "p2", quota: -1 });
        return given;
      },
    }),
    gives("a deactivated image by an administrator", {
      who: ADMIN,
      given: async (service) => {
        const given = await letters()(service);
        await service.ask(`/v2/images/${given.id}/actions/deactivate`, OWNER, { method: "POST" });
        return given;
      },
    }),
    gives("a size that was never known", {
      given: async (service) => {
        const given = await letters()(service);
        await service.deps.db.write.images.change({ id: given.id!, columns: { size: 0 } });
        return given;
      },
    }),
    gives("no checksum, no Content-MD5", {
      given: async (service) => {
        const given = await letters()(service);
        await service.deps.db.write.images.change({ id: given.id!, columns: { checksum: null } });
        return given;
      },
      gives: { "content-md5": null },
    }),
  ], common);
});

Deno.test("images without data", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    empty("queued", { given: queued() }),
    empty("saving", { given: inStatus("saving", BARE) }),
    empty("uploading", { given: inStatus("uploading") }),
    empty("importing", { given: inStatus("importing", BARE) }),
    empty("queued, with a range", { given: queued(), headers: { range: "bytes=0-3" } }),
    empty("queued, with a bad range", { given: queued(), headers: { range: "junk" } }),
    empty("active, but its data is gone", {
      given: async (service) => {
        const given = await letters()(service);
        await Deno.remove(`${service.dir}/images/${given.id}`);
        return given;
      },
    }),
    empty("size not known, with a range", {
      given: async (service) => {
        const given = await letters()(service);
        await service.deps.db.write.images.change({ id: given.id!, columns: { size: null } });
        return given;
      },
      headers: { range: "bytes=0-3" },
    }),
    {
      name: "active with no byte: 200 with length 0",
      given: async (service) => {
        const { id } = await service.create(OWNER, BARE);
        await service.upload(id, OWNER, "");
        return { id };
      },
      ask: "GET /v2/images/{id}/file",
      status: 200,
      text: "",
      gives: { "content-length": "0", "content-md5": "d41d8cd98f00b204e9800998ecf8427e" },
    },
  ]);
});

Deno.test("Range", async (t) => {
  await using service = await startService();
  const common = await letters()(service);
  await runTable(t, service, [
    part("bytes=0-3", [0, 3]),
    part("bytes=3-", [3, 25]),
    part("bytes=0-100", [0, 25]),
    part("bytes=-5", [21, 25]),
    part("bytes=-100", [0, 25]),
    part("bytes=0-25", [0, 25]),
    part("bytes=25-25", [25, 25]),
    part("bytes=25-", [25, 25]),
    part("BYTES=0-3", [0, 3]),
    part("bytes = 0-3", [0, 3]),
    part("bytes=0 - 3", [0, 3]),
    part("bytes=0-99999999999999999999", [0, 25]),
    badRange(416, "bytes=-0"),
    badRange(416, "bytes=-00"),
    badRange(416, "bytes=26-"),
    badRange(416, "bytes=26-30"),
    badRange(416, "bytes=99999999999999999999-"),
    badRange(416, "bytes=10-5"),
    badRange(416, "bytes=5"),
    badRange(416, "bytes="),
    badRange(416, "bytes=-"),
    badRange(416, "bytes=abc"),
    badRange(416, "items=0-1"),
    badRange(416, "junk"),
    badRange(400, "bytes=0-1,3-4"),
    badRange(400, "bytes=0-1,"),
  ], common);
});

Deno.test("Content-Range as a request header", async (t) => {
  await using service = await startService();
  const common = await letters()(service);
  const legacy = "content-range";
  await runTable(t, service, [
    part("bytes 0-3/26", [0, 3], legacy),
    part("bytes 0-3/*", [0, 3], legacy),
    part("bytes 3-25/26", [3, 25], legacy),
    part("bytes 0-3/100", [0, 3], legacy),
    {
      ...part("bytes=5-6", [5, 6]),
      name: "Range wins",
      headers: { range: "bytes=5-6", [legacy]: "bytes 0-3/26" },
    },
    badRange(416, "bytes 0-26/26", legacy),
    badRange(416, "bytes 3-2/26", legacy),
    badRange(416, "bytes 0-26/*", legacy),
    badRange(416, "bytes 26-27/100", legacy),
    badRange(416, "bytes */26", legacy),
    badRange(416, "bytes 0-/26", legacy),
    badRange(416, "junk", legacy),
  ], common);
});

Deno.test("ranges of an image with no byte", async (t) => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  await service.upload(id, OWNER, "");
  const rows = ["bytes=0-", "bytes=-5", "bytes=-0", "bytes=0-0"].map((range) =>
    badRange(416, range, "range", 0)
  );
  await runTable(t, service, [...rows, badRange(416, "bytes 0-0/*", "content-range", 0)], { id });
});

Deno.test("downloads that are refused", async (t) => {
  await using service = await startService();
  const common = await letters()(service);
  const deactivated = async (service: TestService) => {
    const given = await letters()(service);
    await service.ask(`/v2/images/${given.id}/actions/deactivate`, OWNER, { method: "POST" });
    return given;
  };
  const cutOff = async (service: TestService) => {
    const given = await letters()(service);
    await Deno.truncate(`${service.dir}/images/${given.id}`, 20);
    return given;
  };
  await runTable(t, service, [
    refuses(400, "a body", { headers: { "content-length": "1" } }),
    refuses(401, "nobody", { who: null }),
    refuses(403, "a reader", { who: READER }),
    refuses(403, "deactivated, its owner", { given: deactivated }),
    refuses(403, "deactivated, a reader: checked before policy", {
      who: READER,
      given: deactivated,
      has: "deactivated",
    }),
    refuses(404, "another project", { who: STRANGER, has: "No image found with ID {id}" }),
    refuses(404, "unknown", {
      given: () => Promise.resolve({ id: "none" }),
      has: "No image found with ID none",
    }),
    refuses(404, "deleted", {
      given: async (service) => {
        const given = await letters()(service);
        await service.ask(`/v2/images/${given.id}`, OWNER, { method: "DELETE" });
        return given;
      },
    }),
    refuses(400, "prefer in single-store mode", { ask: "GET /v2/images/{id}/file?prefer=file" }),
    refuses(405, "HEAD", { ask: "HEAD /v2/images/{id}/file", gives: { allow: "GET, PUT" } }),
    refuses(404, "a slash at the end", { ask: "GET /v2/images/{id}/file/" }),
    refuses(500, "data that was cut off", { given: cutOff }),
    refuses(500, "a range of data that was cut off", { given: cutOff, headers: { range: "bytes=0-3" } }),
    refuses(500, "data that is no file", {
      given: async (service) => {
        const given = await letters()(service);
        await Deno.remove(`${service.dir}/images/${given.id}`);
        await Deno.mkdir(`${service.dir}/images/${given.id}`);
        return given;
      },
    }),
  ], common);
});

Deno.test("a large image comes whole and in parts", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  const large = new Uint8Array(3_000_001);
  for (let at = 512; at < large.length; at += bytes.length) {
    large.set(bytes.subarray(0, large.length - at), at);
  }
  await service.upload(id, OWNER, large);
  const whole = await (await service.ask(`/v2/images/${id}/file`, OWNER)).bytes();
  assert.deepEqual(whole, large);
  for (const [first, last] of [[0, 2_999_999], [1_000_000, 2_000_000], [2_999_999, 3_000_000]] as const) {
    const headers = { range: `bytes=${first}-${last}` };
    const got = await (await service.ask(`/v2/images/${id}/file`, OWNER, { headers })).bytes();
    assert.deepEqual(got, large.slice(first, last + 1));
  }
});

Deno.test("a member in any status may download, a project without membership may not", async (t) => {
  await using service = await startService();
  for (const status of ["pending", "accepted", "rejected"] as const) {
    await t.step(status, async () => {
      const { id } = await sharedWith(status)(service);
      assert.equal((await service.ask(`/v2/images/${id}/file`, STRANGER)).status, 204);
    });
  }
});

/** glance-download: what is taken of another service's image, and what is not (docs/reference/images-api.md §2.8.6). */
import assert from "node:assert/strict";
import { importNow, nothingInProgress, serveSite, THREE_STORES } from "../support/imports.ts";
import { OWNER, startService, type Who } from "../support/service.ts";

const ID = "71c675ab-d94f-49cd-a114-e12490b328d9";
const DATA = "data of another region";
const FORMATS = { disk_format: "raw", container_format: "bare" };

type Attributes = Record<string, unknown>;
interface Row {
  name: string;
  remote: Attributes;
  /** Of the image then; null when the import fails with `message`. */
  gives: Attributes | null;
  message?: RegExp;
}

const ROWS: Row[] = [
  {
    name: "formats and properties by their prefixes, which take the place of those that were there",
    remote: {
      disk_format: "iso",
      container_format: "compressed",
      hw_disk_bus: "scsi",
      "trait:X": "required",
      note: "n",
    },
    gives: {
      disk_format: "iso",
      container_format: "compressed",
      hw_disk_bus: "scsi",
      "trait:X": "required",
      note: undefined,
    },
  },
  {
    name: "formats that the other service does not send stay",
    remote: { disk_format: null },
    gives: FORMATS,
  },
  {
    name: "attributes that every image has are not taken for properties",
    remote: {
      os_hash_value: "0".repeat(128),
      os_hash_algo: "md5",
      os_hidden: true,
      os_glance_x: "y",
      owner: "them",
    },
    gives: {
      os_hash_algo: "sha512",
      os_hidden: false,
      os_glance_x: undefined,
      owner: OWNER.project,
      os_distro: "old",
    },
  },
  {
    name: "a format that is none here",
    remote: { disk_format: "floppy" },
    gives: null,
    message: /'floppy' is not one of/,
  },
  {
    name: "a property that cannot be kept",
    remote: { hw_note: "beyond \u{1F600}" },
    gives: null,
    message: /has what no image may have here/,
  },
  {
    name: "a property of a name without end",
    remote: { [`hw_${"x".repeat(300)}`]: "v" },
    gives: null,
    message: /longer than 255/,
  },
  { name: "an image that is not active", remote: { status: "queued" }, gives: null, message: /not active/ },
];

Deno.test("glance-download", async (t) => {
  let remote: Attributes = {};
  await using site = serveSite(({ url }) =>
    new URL(url).pathname.endsWith("/file")
      ? new Response(DATA)
      : Response.json({ id: ID, status: "active", size: DATA.length, ...FORMATS, ...remote })
  );
  await using service = await startService({
    ...THREE_STORES,
    "DEFAULT.enabled_import_methods": "[glance-download]",
    "glance_download_properties.extra_properties": "[hw_,trait:,os_,owner]",
  });
  const endpoints = [{ region: "far", publicURL: `${site.url}/v2/` }];
  const who: Who = {
    ...OWNER,
    headers: { ...OWNER.headers, "x-service-catalog": JSON.stringify([{ type: "image", endpoints }]) },
  };
  for (const row of ROWS) {
    await t.step(row.name, async () => {
      remote = row.remote;
      const given = { ...FORMATS, hw_disk_bus: "ide", os_distro: "old" };
      const { id } = await service.create(OWNER, given);
      const method = { name: "glance-download", glance_region: "far", glance_image_id: ID };
      const { image, task } = await importNow(service, id, { method }, who);
      if (row.gives === null) {
        assert.deepEqual([image.status, task.status], ["queued", "failure"]);
        assert.match(task.message, row.message!);
      } else {
        assert.equal(task.status, "success", task.message);
        assert.equal(image.status, "active");
        assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), DATA);
      }
      for (const [name, value] of Object.entries(row.gives ?? given)) assert.equal(image[name], value, name);
      await nothingInProgress(service);
    });
  }
});

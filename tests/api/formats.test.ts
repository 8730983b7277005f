/** Content inspection on upload, as the API shows it (docs/reference/images-api.md §3.4, §3.5, §9.3; docs/reference/background-jobs.md §8). */
import assert from "node:assert/strict";
import { BOOT_SECTORS, GOOD, gpt, image, mbr, qcow2 } from "../support/format_headers.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";
import { assertNothingStored, assertStored, shown } from "../support/stored.ts";

interface Upload {
  name: string;
  disk: string;
  container?: string;
  data: Uint8Array | string;
  status: 204 | 415;
  /** Of the answer's body. */
  has?: string;
  /** Default null. */
  virtualSize?: number | null;
}

async function run(t: Deno.TestContext, service: TestService, rows: readonly Upload[]): Promise<void> {
  for (const { name, disk, container = "bare", data, status, has, virtualSize = null } of rows) {
    await t.step(`${disk} in ${container}: ${name} → ${status}`, async () => {
      const { id } = await service.create(OWNER, { disk_format: disk, container_format: container });
      const response = await service.ask(`/v2/images/${id}/file`, OWNER, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: data,
      });
      const text = await response.text();
      assert.equal(response.status, status, text);
      if (has !== undefined) assert.ok(text.includes(has), text);
      assert.equal(status === 415, has !== undefined && has !== "", "a refusal has a text to be looked for");
      if (status === 204) await assertStored(service, id, data, virtualSize);
      else {
        await assertNothingStored(service, id);
        // What was refused does not stand in the way of what fits.
        await service.patch(id, OWNER, [{ op: "replace", path: "/disk_format", value: "raw" }]);
        await service.upload(id, OWNER, "fits");
        await assertStored(service, id, "fits", 4);
      }
    });
  }
}

const backing = qcow2((_, fields) => fields.setBigUint64(8, 512n));
const sized = qcow2((_, fields) => fields.setBigUint64(24, 10_737_418_240n));
const zeroes = "\0".repeat(2000);
const MISMATCH = "does not match stream data";

Deno.test("data is what the image declares, or refused", async (t) => {
  await using service = await startService({
    "image_format.disk_formats": "ami,ari,aki,vhd,vhdx,vmdk,raw,qcow2,vdi,iso,ploop,gpt,luks,qed",
  });
  const rows: Upload[] = [
    {
      name: "virtual size from the header",
      disk: "qcow2",
      data: sized,
      status: 204,
      virtualSize: 10_737_418_240,
    },
    {
      name: "no qcow2 at all",
      disk: "qcow2",
      data: zeroes,
      status: 415,
      has: `Image disk_format qcow2 ${MISMATCH} raw`,
    },
    { name: "no byte", disk: "qcow2", data: "", status: 415, has: `Image disk_format qcow2 ${MISMATCH} raw` },
    { name: "no byte", disk: "raw", data: "", status: 204 },
    { name: "no byte", disk: "ami", data: "", status: 204 },
    { name: "no byte", disk: "vmdk", data: "", status: 415, has: MISMATCH },
    { name: "anything", disk: "raw", data: zeroes, status: 204, virtualSize: 2000 },
    {
      name: "a qcow2, size of the file",
      disk: "raw",
      data: sized,
      status: 204,
      virtualSize: sized.length,
    },
    {
      name: "an unsafe qcow2",
      disk: "raw",
      data: backing,
      status: 415,
      has: "Image failed safety checks",
    },
    {
      name: "with a backing file",
      disk: "qcow2",
      data: backing,
      status: 415,
      has: "Image failed safety checks",
    },
    { name: "nobody looks", disk: "qcow2", container: "ovf", data: zeroes, status: 204 },
    { name: "nobody looks at the unsafe", disk: "qcow2", container: "docker", data: backing, status: 204 },
    { name: "not known, nothing found", disk: "ami", data: zeroes, status: 204 },
    {
      name: "a boot sector",
      disk: "ami",
      data: gpt(),
      status: 415,
      has: `Image disk_format ami ${MISMATCH} gpt`,
    },
    {
      name: "a broken partition table",
      disk: "raw",
      data: mbr((bytes) => bytes[446] = 1),
      status: 415,
      has: "[image_format] gpt_safety_checks_nonfatal = mbr",
    },
    {
      name: "a kernel with a boot signature",
      disk: "aki",
      data: mbr((bytes) => bytes[446] = 1),
      status: 204,
    },
    { name: "a partition table", disk: "aki", data: gpt(), status: 415, has: MISMATCH },
    { name: "an NTFS file system", disk: "raw", data: BOOT_SECTORS.NTFS!(), status: 204, virtualSize: 8192 },
    {
      name: "a VMDK descriptor, padded to its sector",
      disk: "raw",
      data: image(1024, { 0: 'version=1\ncreateType="monolithicFlat"\nRW 9 FLAT "/etc/shadow" 0\n' }),
      status: 415,
      has: "descriptor (Unsupported subformat)",
    },
    {
      name: "is always refused",
      disk: "qed",
      data: GOOD.qed!(),
      status: 415,
      has: "Image failed safety checks",
    },
  ];
  const others = ["vhd", "vhdx", "vmdk", "vdi", "iso", "luks", "gpt"];
  rows.push(...others.map((disk) => ({
    name: "something else",
    disk,
    data: sized,
    status: 415 as const,
    has: `Image disk_format ${disk} ${MISMATCH} qcow2`,
  })));
  await run(t, service, rows);
});

Deno.test("every format that is declared rightly is taken", async (t) => {
  await using service = await startService({
    "image_format.disk_formats": "vhd,vhdx,vmdk,raw,qcow2,vdi,iso,gpt,luks",
  });
  for (const disk of ["qcow2", "vhd", "vhdx", "vmdk", "vdi", "iso", "gpt", "luks"]) {
    await t.step(disk, async () => {
      const { id } = await service.create(OWNER, { disk_format: disk, container_format: "bare" });
      await service.upload(id, OWNER, GOOD[disk]!());
      const { status, virtual_size } = await shown(service, id);
      assert.equal(status, "active");
      assert.ok(Number(virtual_size) > 0, `virtual_size ${virtual_size}`);
    });
  }
});

Deno.test("require_image_format_match = false: a mismatch only warns, unsafe content of the right format does not pass", async (t) => {
  await using service = await startService({ "image_format.require_image_format_match": "false" });
  await run(t, service, [
    { name: "no qcow2 at all", disk: "qcow2", data: zeroes, status: 204 },
    { name: "no byte", disk: "qcow2", data: "", status: 204 },
    { name: "unsafe, but declared otherwise", disk: "vmdk", data: backing, status: 204 },
    {
      name: "with a backing file",
      disk: "qcow2",
      data: backing,
      status: 415,
      has: "Image failed safety checks",
    },
  ]);
});

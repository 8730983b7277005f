/** What the legacy import makes of the data on its way: the disk of an OVA, another format (spec/tasks-api.md §5.1). */
import assert from "node:assert/strict";
import { readDescriptor } from "../../src/imports/ova/ovf.ts";
import { tarMembers } from "../../src/imports/ova/tar.ts";
import { serveSite } from "../support/imports.ts";
import { filesIn, noise } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService, type Who } from "../support/service.ts";

const PASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ProcessorAllocationSettingData";

const OVF = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:pasd="${PASD}">
  <!-- <Disk ovf:fileRef="old"/> -->
  <References>
    <File ovf:id="text" ovf:href="readme.txt" ovf:size="1"/>
    <File ovf:id='disk' ovf:href='the&amp;disk.img'/>
  </References>
  <DiskSection><Info>Disks</Info><Disk ovf:diskId="1" ovf:fileRef="disk" ovf:capacity="9"/></DiskSection>
  <VirtualSystem><pasd:InstructionSetExtensionName> SSE &lt;2&gt; </pasd:InstructionSetExtensionName>
    <pasd:Other>no</pasd:Other></VirtualSystem>
</Envelope>`;

/** A tar archive as a writer of USTAR makes it. */
function tar(files: [name: string, data: Uint8Array | string][]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const [name, data] of files) {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    const header = new Uint8Array(512);
    const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
    put(name, 0);
    put("0000644\0", 100);
    put(bytes.length.toString(8).padStart(11, "0") + "\0", 124);
    put("        ", 148);
    put("0", 156);
    put("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    put(sum.toString(8).padStart(6, "0") + "\0 ", 148);
    parts.push(header, bytes, new Uint8Array((512 - bytes.length % 512) % 512));
  }
  parts.push(new Uint8Array(1024));
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const OPTIONS = { "import_filtering_opts.allowed_ports": "[]" };

/** Runs the task on what a web server gives: the task, and its image when there is one. */
async function imported(
  service: TestService,
  data: Uint8Array<ArrayBuffer>,
  image_properties: Record<string, string>,
  who: Who = ADMIN,
) {
  await using site = serveSite(() => new Response(data));
  const input = { import_from: site.url, import_from_format: "raw", image_properties };
  const response = await service.ask("/v2/tasks", who, { method: "POST", body: { type: "import", input } });
  assert.equal(response.status, 201, await response.clone().text());
  const { id } = await response.json();
  await service.deps.background.settled();
  const task = await (await service.ask(`/v2/tasks/${id}`, who)).json();
  assert.deepEqual(filesIn(`${service.dir}/staging`), []);
  const image = task.result && await (await service.ask(`/v2/images/${task.result.image_id}`, who)).json();
  return { task, image };
}

Deno.test("of an OVA the disk is kept, in a bare container", async () => {
  await using service = await startService(OPTIONS);
  const disk = noise(3_000_001);
  const data = tar([["readme.txt", "x"], ["a.ovf", OVF], ["the&disk.img", disk], ["a.mf", "sums"]]);
  const { task, image } = await imported(service, data, { container_format: "ova", disk_format: "raw" });
  assert.equal(task.status, "success", task.message);
  assert.deepEqual([image.status, image.container_format, image.size], ["active", "bare", disk.length]);
  const stored = await (await service.ask(`/v2/images/${image.id}/file`, ADMIN)).bytes();
  assert.deepEqual(stored, disk);
});

Deno.test("OVAs that are none: the task says why, the image is gone", async (t) => {
  await using service = await startService(OPTIONS);
  const disk = ["the&disk.img", "data"] as [string, string];
  const whole = tar([["a.ovf", OVF], disk]);
  const rows: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    ["no OVF file", tar([disk]), /Could not find OVF file/],
    ["no such disk", tar([["a.ovf", OVF]]), /no file the&disk\.img/],
    [
      "two disks",
      tar([["a.ovf", OVF.replace("<Info>", '<Disk ovf:fileRef="text"/><Info>')], disk]),
      /multiple disk/,
    ],
    ["no disk", tar([["a.ovf", "<Envelope/>"], disk]), /names no file for a disk/],
    ["no archive", new Uint8Array(2000).fill(120), /no tar archive/],
    ["half an archive", whole.slice(0, 512 + 100), /breaks off/],
    [
      "a disk that is something else",
      tar([["a.ovf", OVF], ["the&disk.img", "QFI\xfb".padEnd(600, "\0")]]),
      /./,
    ],
  ];
  for (const [name, data, message] of rows) {
    await t.step(name, async () => {
      const disk_format = name.endsWith("something else") ? "vmdk" : "raw";
      const { task } = await imported(service, data, { container_format: "ova", disk_format });
      assert.equal(task.status, "failure");
      assert.match(task.message, message);
      assert.deepEqual((await (await service.ask("/v2/images", ADMIN)).json()).images, []);
      assert.deepEqual(filesIn(`${service.dir}/images`), []);
    });
  }
});

Deno.test("an OVA is for administrators", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/policy.yaml`, 'tasks_api_access: ""\n');
  await using service = await startService({ ...OPTIONS, "oslo_policy.policy_file": `${dir}/policy.yaml` });
  const data = tar([["a.ovf", OVF], ["the&disk.img", "data"]]);
  const { task } = await imported(service, data, { container_format: "ova", disk_format: "raw" }, OWNER);
  assert.equal(task.status, "failure");
  assert.match(task.message, /OVA extract is limited to admin/);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("an archive of the tar command", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/a.ovf`, OVF);
  await Deno.mkdir(`${dir}/disks`);
  await Deno.writeFile(`${dir}/disks/x.img`, noise(1500));
  const args = ["--format=ustar", "-cf", "all.ova", "a.ovf", "disks"];
  await new Deno.Command("tar", { args, cwd: dir }).output();
  {
    using file = await Deno.open(`${dir}/all.ova`);
    const members = await tarMembers(file);
    assert.deepEqual(members.map(({ name, size }) => [name, size]), [
      ["a.ovf", new TextEncoder().encode(OVF).length],
      ["disks/x.img", 1500],
    ]);
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("the descriptor: its disk, and settings that are asked for", () => {
  assert.deepEqual(readDescriptor(OVF, []), { disk: "the&disk.img", properties: {} });
  assert.deepEqual(readDescriptor(OVF, ["InstructionSetExtensionName"]).properties, {
    cim_pasd_InstructionSetExtensionName: "SSE <2>",
  });
  const other = OVF.replace(PASD, "http://else");
  assert.deepEqual(readDescriptor(other, ["InstructionSetExtensionName"]).properties, {});
});

Deno.test("conversion_format: what is stored is of that format", async (t) => {
  try {
    await new Deno.Command("qemu-img", { args: ["--version"], stdout: "null" }).output();
  } catch {
    return console.log("SKIPPED: qemu-img is not installed");
  }
  await using service = await startService({ ...OPTIONS, "taskflow_executor.conversion_format": "qcow2" });
  const disk = noise(1 << 20);
  const rows: [string, Uint8Array<ArrayBuffer>, Record<string, string>][] = [
    ["a raw disk", disk, { container_format: "bare", disk_format: "raw" }],
    ["the raw disk of an OVA", tar([["a.ovf", OVF], ["the&disk.img", disk]]), {
      container_format: "ova",
      disk_format: "raw",
    }],
  ];
  for (const [name, data, properties] of rows) {
    await t.step(name, async () => {
      const { task, image } = await imported(service, data, properties);
      assert.equal(task.status, "success", task.message);
      assert.deepEqual(
        [image.status, image.disk_format, image.container_format, image.virtual_size],
        ["active", "qcow2", "bare", disk.length],
      );
      const stored = await (await service.ask(`/v2/images/${image.id}/file`, ADMIN)).bytes();
      assert.deepEqual([...stored.subarray(0, 4)], [0x51, 0x46, 0x49, 0xfb]);
      assert.equal(image.size, stored.length);
    });
  }
  await t.step("data that is not as declared: failure", async () => {
    const { task } = await imported(service, disk, { container_format: "bare", disk_format: "vmdk" });
    assert.equal(task.status, "failure");
    assert.match(task.message, /does not match stream data/);
  });
});

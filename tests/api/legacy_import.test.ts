/** What the legacy import makes of the data on its way: the disk of an OVA, another format (docs/reference/tasks-api.md §5.1). */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { serveSite } from "../support/imports.ts";
import { missing } from "../support/installed.ts";
import { OVF, tar } from "../support/ova.ts";
import { filesIn, noise } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService, type Who } from "../support/service.ts";

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

Deno.test("of an OVA the disk is kept, in a bare container", async (t) => {
  await using service = await startService(OPTIONS);
  const disk = noise(3_000_001);
  const packed = new Uint8Array(gzipSync(disk));
  const gzip = OVF.replace("ovf:href='the", "ovf:compression='gzip' $&");
  const dotted = OVF.replace("ovf:href='", "$&./");
  const rows: [name: string, members: [string, Uint8Array | string][]][] = [
    ["plain", [["readme.txt", "x"], ["a.ovf", OVF], ["the&disk.img", disk], ["a.mf", "sums"]]],
    ["as tar writes a folder's content", [["./a.ovf", OVF], ["./the&disk.img", disk]]],
    ["in a folder, beside files of that name", [
      ["the&disk.img", "no"],
      ["box/a.ovf", OVF],
      ["other/the&disk.img", "no"],
      ["./box/the&disk.img", disk],
    ]],
    ["a name with a dot in the descriptor", [["a.ovf", dotted], ["the&disk.img", disk]]],
    ["capitals", [["A.OVF", OVF], ["the&disk.img", disk]]],
    ["a disk compressed by gzip", [["a.ovf", gzip], ["the&disk.img", packed]]],
    ["compression identity", [["a.ovf", gzip.replace("gzip", "identity")], ["the&disk.img", disk]]],
  ];
  for (const [name, members] of rows) {
    await t.step(name, async () => {
      const properties = { container_format: "ova", disk_format: "raw" };
      const { task, image } = await imported(service, tar(members), properties);
      assert.equal(task.status, "success", task.message);
      assert.deepEqual([image.status, image.container_format, image.size], ["active", "bare", disk.length]);
      const stored = await (await service.ask(`/v2/images/${image.id}/file`, ADMIN)).bytes();
      assert.deepEqual(stored, disk);
    });
  }
});

Deno.test("OVAs that are none: the task says why, the image is gone", async (t) => {
  await using service = await startService(OPTIONS);
  const disk = ["the&disk.img", "data"] as [string, string];
  const whole = tar([["a.ovf", OVF], disk]);
  const rows: [string, Uint8Array<ArrayBuffer>, RegExp][] = [
    ["no OVF file", tar([disk]), /Could not find OVF file/],
    ["no such disk", tar([["a.ovf", OVF]]), /no file the&disk\.img/],
    ["a disk in another folder", tar([["box/a.ovf", OVF], disk]), /no file the&disk\.img/],
    [
      "a disk outside of the folder",
      tar([["a.ovf", OVF.replace("href='the", "href='../the")], disk]),
      /which does not lie beside it/,
    ],
    [
      "a disk that is said to be compressed",
      tar([["a.ovf", OVF.replace("ovf:href='the", "ovf:compression='gzip' $&")], disk]),
      /cannot be decompressed/,
    ],
    [
      "a compression nobody knows",
      tar([["a.ovf", OVF.replace("ovf:href='the", "ovf:compression='lzip' $&")], disk]),
      /compressed by lzip/,
    ],
    [
      "two disks",
      tar([["a.ovf", OVF.replace("<Info>", '<Disk ovf:fileRef="text"/><Info>')], disk]),
      /multiple disk/,
    ],
    ["no disk", tar([["a.ovf", "<Envelope/>"], disk]), /names no file for a disk/],
    [
      "an OVF file of more than 1 MiB",
      tar([["a.ovf", " ".repeat(2 ** 20 + 1)], disk]),
      /more than 1048576 bytes/,
    ],
    ["1 MiB of open tags", tar([["a.ovf", "<a>".repeat(2 ** 20 / 3)], disk]), /OVF file cannot be read/],
    [
      "an entity",
      tar([[
        "a.ovf",
        `<!DOCTYPE a [<!ENTITY x "the&#38;disk.img">]>${
          OVF.replace(/<\?.*\n/, "").replace("the&amp;disk.img", "&x;")
        }`,
      ], disk]),
      /OVF file cannot be read/,
    ],
    ["no archive", new Uint8Array(2000).fill(120), /not a tar archive/],
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

Deno.test("ovf-metadata.json names the settings that become properties", async (t) => {
  await using service = await startService(OPTIONS);
  const file = `${service.dir}/ovf-metadata.json`;
  const data = tar([["a.ovf", OVF], ["the&disk.img", noise(2000)]]);
  const properties = { container_format: "ova", disk_format: "raw", given: "stays" };
  const setting = "cim_pasd_InstructionSetExtensionName";
  const rows: [string, string | null, string | undefined][] = [
    ["no such file", null, undefined],
    [
      "two of them, one in the descriptor",
      '{"cim_pasd": ["InstructionSetExtensionName", "Absent"]}',
      "SSE <2>",
    ],
    ["another", '{"cim_pasd": ["Absent"]}', undefined],
    ["none", "{}", undefined],
  ];
  for (const [name, text, value] of rows) {
    await t.step(name, async () => {
      if (text !== null) await Deno.writeTextFile(file, text);
      const { task, image } = await imported(service, data, properties);
      assert.equal(task.status, "success", task.message);
      assert.equal(image.status, "active");
      assert.equal(image.given, "stays");
      assert.equal(image[setting], value);
      const names = Object.keys(image).filter((each) => each.startsWith("cim_"));
      assert.deepEqual(names, value === undefined ? [] : [setting]);
    });
  }
  await t.step("no JSON: the task fails, the image is gone", async () => {
    await Deno.writeTextFile(file, "cim_pasd = x");
    const before = (await (await service.ask("/v2/images", ADMIN)).json()).images.length;
    const { task } = await imported(service, data, properties);
    assert.deepEqual([task.status, task.message], ["failure", "Task failed due to Internal Error"]);
    assert.equal((await (await service.ask("/v2/images", ADMIN)).json()).images.length, before);
  });
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

Deno.test({
  name: "conversion_format: what is stored is of that format",
  ignore: missing("qemu-img"),
  fn: convertAll,
});

async function convertAll(t: Deno.TestContext): Promise<void> {
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
}

/** Every detector on images built by hand: what is recognised, its size, and each safety check. */
import assert from "node:assert/strict";
import { inspect } from "../../src/formats/inspect.ts";
import * as make from "../support/format_headers.ts";
import type { Edit } from "../support/format_headers.ts";

function look(bytes: Uint8Array) {
  return inspect(make.memoryPeek(bytes), { size: bytes.length });
}

Deno.test("formats: each format is recognised, alone, with its virtual size", async () => {
  const sizes: Record<string, number | null> = {
    qcow2: 10 * 2 ** 30,
    qed: null,
    vhd: 7 * 2 ** 20,
    vhdx: 5 * 2 ** 30,
    vmdk: 20480 * 512,
    vdi: 3 * 2 ** 30,
    iso: 180 * 2048,
    gpt: 8192,
    luks: 64 * 1024 - 8 * 512,
    ploop: 0x1_0000_0800 * 512,
  };
  for (const [format, build] of Object.entries(make.GOOD)) {
    const found = await look(build());
    assert.deepEqual([found.format, found.matches, found.virtualSize], [format, [format], sizes[format]]);
    assert.equal(found.incomplete, null, format);
    if (format !== "qed") assert.deepEqual(found.failures, [], format);
  }
});

Deno.test("formats: what matches nothing is raw, and as large as it is", async () => {
  const fat = make.mbr((bytes) => {
    bytes[0x10] = 2;
    bytes[0x15] = 0xf8;
  });
  const text = new TextEncoder().encode("#cloud-config\nhostname: a\n");
  // Words alone make no descriptor.
  const word = new TextEncoder().encode("the createType of a VMDK\nversion=1\n");
  const version = new TextEncoder().encode("# settings\nversion=1\nname=a\n");
  for (const bytes of [new Uint8Array(0), new Uint8Array(4096), fat, text, word, version]) {
    const found = await look(bytes);
    assert.deepEqual([found.format, found.matches, found.virtualSize], ["raw", [], bytes.length]);
  }
});

Deno.test("formats: variants of a signature", async () => {
  for (const identifier of ["CD001", "NSR02", "NSR03"]) {
    assert.equal((await look(make.iso(undefined, identifier))).format, "iso");
  }
  assert.equal((await look(make.iso((bytes) => bytes[32768] = 2))).virtualSize, null);
  const old = await look(make.ploop("WithoutFreeSpace"));
  assert.deepEqual([old.format, old.virtualSize], ["ploop", 0x800 * 512]);
  assert.equal((await look(make.mbr())).variant, "MBR");
  assert.equal((await look(make.gpt())).variant, "GPT");
  assert.equal((await look(make.vmdk(""))).variant, null);
  assert.deepEqual((await look(make.streamOptimizedVmdk())).failures, []);
});

const { DESCRIPTOR } = make;

/** A descriptor of exactly so many sectors. */
const filling = (sectors: number) => `${DESCRIPTOR.padEnd(sectors * 512 - 1, "#")}\n`;
const oneSector: make.Edit = (_, fields) => fields.setBigUint64(36, 1n, true);

const FLAT = '# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 9 FLAT "disk-flat.vmdk" 0\n';
const latin1 = (text: string) => make.image(text.length, { 0: text });

/** Name of the case, the bytes, the checks that must fail. */
const UNSAFE: [string, Uint8Array, string[]][] = [
  ["qcow2 backing file", make.qcow2((_, f) => f.setBigUint64(8, 512n)), ["backing_file"]],
  ["qcow2 data file", make.qcow2((_, f) => f.setBigUint64(0x48, 4n)), ["data_file"]],
  ["qcow2 known features", make.qcow2((_, f) => f.setBigUint64(0x48, 0xbn)), []],
  ["qcow2 extended L2", make.qcow2((_, f) => f.setBigUint64(0x48, 16n)), ["unknown_features"]],
  ["qcow2 highest bit", make.qcow2((_, f) => f.setBigUint64(0x48, 1n << 63n)), ["unknown_features"]],
  ["qcow2 v2 has no features", make.qcow2((_, f) => f.setBigUint64(0x48, 16n), 2), []],
  ["qcow version 1", make.qcow2(undefined, 1), ["unknown_features"]],
  ["qcow2 version 4", make.qcow2(undefined, 4), ["unknown_features"]],
  ["qcow2 all at once", make.qcow2((b) => b.fill(255, 8, 0x50)), [
    "backing_file",
    "data_file",
    "unknown_features",
  ]],
  ["qed", make.qed(), ["banned"]],
  ["luks 2", make.luks((_, f) => f.setUint16(6, 2)), ["version"]],
  ["mbr boot flag", make.mbr((b) => b[446] = 1), ["mbr"]],
  ["mbr active partition", make.mbr((b) => b[446] = 0x80), []],
  ["mbr empty", make.mbr((b) => b[450] = 0), ["mbr"]],
  ["gpt not first", make.gpt((b) => b.copyWithin(462, 446, 462).fill(0, 446, 462)), ["mbr"]],
  ["gpt with another partition", make.gpt((_, f) => make.partition(f, 2, 0x83, 9)), ["mbr"]],
  ["gpt start CHS", make.gpt((b) => b[446 + 2] = 3), ["mbr"]],
  ["gpt start LBA", make.gpt((_, f) => f.setUint32(454, 2, true)), ["mbr"]],
  ["gpt active", make.gpt((b) => b[446] = 0x80), []],
  ["vmdk subformat", make.vmdk(DESCRIPTOR.replace("monolithicSparse", "monolithicFlat")), ["descriptor"]],
  ["vmdk case", make.vmdk(DESCRIPTOR.toUpperCase()), []],
  ["vmdk path", make.vmdk(DESCRIPTOR.replace("disk.vmdk", "/etc/passwd")), ["descriptor"]],
  ["vmdk second extent", make.vmdk(DESCRIPTOR + 'RDONLY 1 FLAT "../x" 0\n'), ["descriptor"]],
  ["vmdk parent", make.vmdk(DESCRIPTOR + 'parentFileNameHint="/images/other"\n'), ["descriptor"]],
  ["vmdk parent in a comment", make.vmdk(DESCRIPTOR + '# parentFileNameHint="x"\n'), ["descriptor"]],
  ["vmdk two subformats", make.vmdk(DESCRIPTOR.replace("createType", 'createtype="streamOptimized"\n$&')), [
    "descriptor",
  ]],
  ["vmdk descriptor of its whole place", make.vmdk(filling(1), oneSector), []],
  ["vmdk descriptor beyond its place", make.vmdk(filling(1) + "#", oneSector), ["descriptor"]],
  ["vmdk no extent", make.vmdk(DESCRIPTOR.replace(/^RW.*$/m, "")), ["descriptor"]],
  ["vmdk unknown line", make.vmdk(DESCRIPTOR + "something else\n"), ["descriptor"]],
  ["vmdk two words before =", make.vmdk(DESCRIPTOR + "two words=1\n"), ["descriptor"]],
  ["vmdk not ASCII", make.vmdk(DESCRIPTOR + "# \xff\n"), ["descriptor"]],
  ["vmdk no descriptor", make.vmdk(""), ["descriptor"]],
  ["vmdk long type", make.vmdk(`createType="${"x".repeat(200)}"\nRW 1 SPARSE "a"\n`), ["descriptor"]],
  ["vmdk version", make.vmdk(DESCRIPTOR, (_, f) => f.setUint32(4, 4, true)), ["descriptor"]],
  ["vmdk descriptor elsewhere", make.vmdk(DESCRIPTOR, (_, f) => f.setBigUint64(28, 2n, true)), [
    "descriptor",
  ]],
  ["vmdk many lines", make.vmdk(DESCRIPTOR + "#\n".repeat(4900)), []],
  ["vmdk too many lines", make.vmdk(DESCRIPTOR + "\n".repeat(10_000)), ["descriptor"]],
  ["vmdk bare descriptor", new TextEncoder().encode(DESCRIPTOR), ["descriptor"]],
  [
    "vmdk bare flat descriptor",
    new TextEncoder().encode('createType="monolithicFlat"\nRW 9 FLAT "/dev/sda" 0\n'),
    ["descriptor"],
  ],
  ["vmdk bare descriptor, cut", new TextEncoder().encode('createType="monolithicSparse\nRW 9 '), [
    "descriptor",
  ]],
  ["vmdk bare flat descriptor, padded to its sector", make.image(512, { 0: FLAT }), ["descriptor"]],
  ["vmdk bare flat descriptor, padded to twenty", make.image(10240, { 0: FLAT }), ["descriptor"]],
  ["vmdk bare descriptor with its data behind it", make.image(4096, { 0: FLAT, 1000: "\x80" }), [
    "descriptor",
  ]],
  ["vmdk bare descriptor, not ASCII", latin1(FLAT.replace("disk", "d\xefsk")), ["descriptor"]],
  ["vmdk bare descriptor of long comments", latin1(`# ${"c".repeat(400)}\r\n`.repeat(3) + FLAT), [
    "descriptor",
  ]],
  ["vmdk bare descriptor, qemu's way to read a type", latin1(FLAT.replace('="', ": ")), ["descriptor"]],
  ["vmdk footer missing", make.vmdk(DESCRIPTOR, (_, f) => f.setBigUint64(56, 2n ** 64n - 1n, true)), [
    "footer",
  ]],
];

const SPOILT_FOOTERS: Record<string, Edit> = {
  "marker type": (b, f) => f.setUint32(b.length - 1536 + 12, 2, true),
  "marker size": (b, f) => f.setUint32(b.length - 1536 + 8, 1, true),
  "marker padding": (b) => b[b.length - 1536 + 100] = 1,
  "signature": (b) => b[b.length - 1024] = 0,
  "version": (b, f) => f.setUint32(b.length - 1024 + 4, 2, true),
  "descriptor place": (b, f) => f.setBigUint64(b.length - 1024 + 28, 2n, true),
  "descriptor size": (b, f) => f.setBigUint64(b.length - 1024 + 36, 2n, true),
  "another footer": (b, f) => f.setBigUint64(b.length - 1024 + 56, 2n ** 64n - 1n, true),
  "end marker": (b) => b[b.length - 512] = 1,
  "end padding": (b) => b[b.length - 1] = 1,
};
for (const [name, edit] of Object.entries(SPOILT_FOOTERS)) {
  UNSAFE.push([`vmdk footer: ${name}`, make.streamOptimizedVmdk(edit), ["footer"]]);
}

for (const [name, bytes, checks] of UNSAFE) {
  Deno.test(`formats: safety of ${name}`, async () => {
    const found = await look(bytes);
    assert.deepEqual(found.failures.map((failure) => failure.check), checks);
    assert.equal(found.crashed, null);
    assert.equal(found.matches.length, 1);
  });
}

Deno.test("formats: what is cut short says so, or is not recognised", async () => {
  for (const format of ["vhd", "vhdx", "vmdk", "luks"]) {
    const found = await look(make.GOOD[format]!().slice(0, 500));
    assert.deepEqual(found.matches, [format]);
    assert.notEqual(found.incomplete, null, format);
  }
  for (const format of ["qcow2", "qed", "vdi", "iso", "gpt"]) {
    assert.equal((await look(make.GOOD[format]!().slice(0, 511))).format, "raw", format);
  }
  assert.match(
    (await look(make.vhdx().slice(0, make.VHDX_METADATA + 100))).incomplete!,
    /metadata table is truncated/,
  );
  assert.match(
    (await look(make.vhdx().slice(0, make.VHDX_METADATA + 65536))).incomplete!,
    /disk size is truncated/,
  );
});

Deno.test("formats: a malformed VHDX is not followed", async () => {
  const spoilt: Edit[] = [
    (b) => b[192 * 1024] = 0,
    (_, f) => f.setUint32(192 * 1024 + 8, 2048, true),
    (_, f) => f.setUint32(192 * 1024 + 8, 1, true),
    (_, f) => f.setBigUint64(192 * 1024 + 64, 2n ** 64n - 1n, true),
    (b) => b[make.VHDX_METADATA] = 0,
    (_, f) => f.setUint16(make.VHDX_METADATA + 10, 65535, true),
    (_, f) => f.setUint16(make.VHDX_METADATA + 10, 1, true),
    (_, f) => f.setUint32(make.VHDX_METADATA + 112, 0xffff_ffff, true),
    (_, f) => f.setUint32(make.VHDX_METADATA + 116, 4, true),
  ];
  for (const [index, edit] of spoilt.entries()) {
    const found = await look(make.vhdx(edit));
    assert.deepEqual([found.matches, found.virtualSize], [["vhdx"], null]);
    assert.notEqual(found.incomplete, null, `case ${index}`);
  }
});

Deno.test("formats: sizes no number can hold are not known", async () => {
  const huge = 2n ** 64n - 1n;
  assert.equal((await look(make.qcow2((_, f) => f.setBigUint64(24, huge)))).virtualSize, null);
  assert.equal(
    (await look(make.vmdk(DESCRIPTOR, (_, f) => f.setBigUint64(12, huge, true)))).virtualSize,
    null,
  );
  assert.equal((await look(make.luks((_, f) => f.setUint32(104, 0xffffffff)))).virtualSize, null);
});

Deno.test("formats: an ISO with a partition table is an ISO, every other polyglot is several formats", async () => {
  const hybrid = make.iso((bytes, fields) => {
    make.partition(fields, 0, 0x17, 1);
    bytes[446] = 7; // A spoilt table does not matter: the ISO's own checks count.
    fields.setUint16(510, 0xaa55, true);
  });
  const found = await look(hybrid);
  assert.deepEqual([found.format, found.matches], ["iso", ["iso", "gpt"]]);
  assert.deepEqual([found.virtualSize, found.failures], [180 * 2048, []]);

  const both = await look(make.image(1024, { 0: "QFI\xfb\0\0\0\x03", 510: "\x55\xaa" }));
  assert.deepEqual([both.format, both.matches, both.virtualSize], ["qcow2,gpt", ["qcow2", "gpt"], null]);
  const three = await look(make.iso((bytes) => {
    make.put(bytes, 0, "LUKS\xba\xbe\0\x01");
    make.put(bytes, 510, "\x55\xaa");
  }));
  assert.deepEqual(three.matches, ["iso", "gpt", "luks"]);
  assert.equal(three.format, "iso,gpt,luks");
});

Deno.test("formats: a fixed VHD is raw, with a note", async () => {
  const disk = make.image(4096, { [4096 - 512]: "conectix" });
  const found = await look(disk);
  assert.deepEqual([found.format, found.virtualSize], ["raw", 4096]);
  assert.match(found.notes.join(), /fixed VHD/);
  assert.deepEqual((await look(make.vhd())).notes, []);
});

Deno.test("formats: a failing source shows as a crash", async () => {
  const found = await inspect(() => Promise.reject(new Error("the disk is gone")), { size: 4096 });
  assert.deepEqual([found.crashed, found.virtualSize], ["the disk is gone", null]);
});

/** Images of qemu-img are recognised, with the virtual size that qemu-img reports. */
import assert from "node:assert/strict";
import { inspectFile } from "../../src/formats/inspect_file.ts";
import { judge } from "../../src/formats/inspect.ts";
import { vmdk } from "../support/format_headers.ts";
import { missing } from "../support/installed.ts";

async function qemuImg(...args: string[]): Promise<string> {
  const command = new Deno.Command("qemu-img", { args, stdout: "piped", stderr: "piped" });
  for (let attempt = 1;; attempt++) {
    const { success, stdout, stderr } = await command.output();
    if (success) return new TextDecoder().decode(stdout);
    const message = new TextDecoder().decode(stderr);
    // For LUKS qemu-img first measures the processor, which now and then fails on a busy machine.
    if (!message.includes("CPU usage") || attempt === 5) {
      assert.fail(`qemu-img ${args.join(" ")}: ${message}`);
    }
  }
}

const present = !missing("qemu-img");

const SECRET = ["--object", "secret,id=key,data=secret"];

/** One image: qemu-img's format and options, and what must be found. */
interface Made {
  name: string;
  format: string;
  create: string[];
  /** glance's name of the format. */
  found: string;
  failed?: string[];
  /** The declared format under which it is accepted; null = under its own it is refused. */
  accepted: string | null;
}

const MADE: Made[] = [
  { name: "raw", format: "raw", create: [], found: "raw", accepted: "raw" },
  { name: "qcow2 v2", format: "qcow2", create: ["-o", "compat=0.10"], found: "qcow2", accepted: "qcow2" },
  { name: "qcow2 v3", format: "qcow2", create: ["-o", "compat=1.1"], found: "qcow2", accepted: "qcow2" },
  {
    name: "qcow2 zstd",
    format: "qcow2",
    create: ["-o", "compression_type=zstd"],
    found: "qcow2",
    accepted: "qcow2",
  },
  {
    name: "qcow2 lazy refcounts",
    format: "qcow2",
    create: ["-o", "lazy_refcounts=on"],
    found: "qcow2",
    accepted: "qcow2",
  },
  {
    name: "qcow2 extended L2",
    format: "qcow2",
    create: ["-o", "extended_l2=on,cluster_size=128k"],
    found: "qcow2",
    failed: ["unknown_features"],
    accepted: null,
  },
  {
    name: "qcow2 encrypted",
    format: "qcow2",
    create: [...SECRET, "-o", "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10"],
    found: "qcow2",
    accepted: "qcow2",
  },
  { name: "qed", format: "qed", create: [], found: "qed", failed: ["banned"], accepted: null },
  { name: "vdi", format: "vdi", create: [], found: "vdi", accepted: "vdi" },
  { name: "vdi static", format: "vdi", create: ["-o", "static=on"], found: "vdi", accepted: "vdi" },
  { name: "vhd dynamic", format: "vpc", create: ["-o", "force_size=on"], found: "vhd", accepted: "vhd" },
  {
    name: "vhd fixed",
    format: "vpc",
    create: ["-o", "subformat=fixed,force_size=on"],
    found: "raw",
    accepted: "raw",
  },
  { name: "vhdx", format: "vhdx", create: [], found: "vhdx", accepted: "vhdx" },
  { name: "vhdx fixed", format: "vhdx", create: ["-o", "subformat=fixed"], found: "vhdx", accepted: "vhdx" },
  {
    name: "vmdk monolithicSparse",
    format: "vmdk",
    create: ["-o", "subformat=monolithicSparse"],
    found: "vmdk",
    accepted: "vmdk",
  },
  {
    name: "vmdk streamOptimized",
    format: "vmdk",
    create: ["-o", "subformat=streamOptimized"],
    found: "vmdk",
    accepted: "vmdk",
  },
  ...["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"].map((subformat): Made => ({
    name: `vmdk ${subformat}`,
    format: "vmdk",
    create: ["-o", `subformat=${subformat}`],
    found: "vmdk",
    failed: ["descriptor"],
    accepted: null,
  })),
  {
    name: "luks",
    format: "luks",
    create: [...SECRET, "-o", "key-secret=key,iter-time=10"],
    found: "luks",
    accepted: "luks",
  },
  { name: "ploop", format: "parallels", create: [], found: "ploop", accepted: "ploop" },
];

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "formats-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function verdictOn(path: string, diskFormat: string) {
  const inspection = await inspectFile(path);
  return judge({ diskFormat, containerFormat: "bare", inspection, options: { requireMatch: true } });
}

for (const made of MADE) {
  Deno.test({
    name: `qemu-img: ${made.name}`,
    ignore: !present,
    fn: () =>
      inFolder(async (folder) => {
        const path = `${folder}/image`;
        await qemuImg("create", "-q", "-f", made.format, ...made.create, path, "12M");
        const info = JSON.parse(await qemuImg("info", "-f", made.format, "--output=json", path));
        const inspection = await inspectFile(path);
        assert.equal(inspection.format, made.found);
        assert.equal(inspection.crashed, null);
        assert.deepEqual(inspection.failures.map(({ check }) => check), made.failed ?? []);
        const verdict = await verdictOn(path, made.accepted ?? made.found);
        if (made.accepted === null) {
          assert.ok(!verdict.ok);
          assert.match(verdict.message, /^Image failed safety checks: /);
        } else {
          assert.ok(verdict.ok);
          // A fixed VHD counts as raw: its footer is part of what glance takes for the disk.
          const footer = made.name === "vhd fixed" ? 512 : 0;
          assert.equal(verdict.virtualSize, info["virtual-size"] + footer);
        }
      }),
  });
}

Deno.test({
  name: "qemu-img: a backing file and an external data file are refused",
  ignore: !present,
  fn: () =>
    inFolder(async (folder) => {
      await qemuImg("create", "-q", "-f", "qcow2", `${folder}/base`, "12M");
      for (const compat of ["0.10", "1.1"]) {
        const path = `${folder}/child-${compat}`;
        const backing = ["-b", `${folder}/base`, "-F", "qcow2"];
        await qemuImg("create", "-q", "-f", "qcow2", "-o", `compat=${compat}`, ...backing, path);
        const { failures } = await inspectFile(path);
        assert.ok(failures.some(({ check }) => check === "backing_file"), compat);
        for (const declared of ["qcow2", "raw"]) assert.ok(!(await verdictOn(path, declared)).ok);
      }
      const data = `data_file=${folder}/data,data_file_raw=on`;
      await qemuImg("create", "-q", "-f", "qcow2", "-o", data, `${folder}/outside`, "12M");
      const { failures } = await inspectFile(`${folder}/outside`);
      assert.deepEqual(failures.map(({ check }) => check), ["data_file"]);
    }),
});

Deno.test({
  name: "qemu-img: no VMDK makes it read another file",
  ignore: !present,
  fn: () =>
    inFolder(async (folder) => {
      const backing = ["-b", `${folder}/base`, "-F", "vmdk"];
      await qemuImg("create", "-q", "-f", "vmdk", `${folder}/base`, "12M");
      await qemuImg("create", "-q", "-f", "vmdk", ...backing, `${folder}/child`);
      const { failures } = await inspectFile(`${folder}/child`);
      assert.deepEqual(failures.map(({ check }) => check), ["descriptor"]);

      // No capacity: qemu goes by the descriptor, and there by the word as VMware writes it.
      const two = 'createtype="monolithicSparse"\ncreateType="monolithicFlat"\nRW 8 FLAT "neighbour" 0\n';
      await Deno.writeTextFile(`${folder}/neighbour`, "secret".padEnd(4096));
      await Deno.writeFile(
        `${folder}/thief`,
        vmdk(`# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n${two}`, (_, fields) => {
          fields.setBigUint64(12, 0n, true);
        }),
      );
      await qemuImg("convert", "-f", "vmdk", "-O", "raw", `${folder}/thief`, `${folder}/loot`);
      assert.ok((await Deno.readTextFile(`${folder}/loot`)).startsWith("secret"));
      for (const declared of ["vmdk", "raw"]) {
        assert.ok(!(await verdictOn(`${folder}/thief`, declared)).ok);
      }
    }),
});

/** Every kind of VMDK whose data is in other files. */
const APART = ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"].flatMap((subformat) =>
  ["ide", "buslogic", "lsilogic", "legacyESX"].map((adapter) => ({ subformat, adapter }))
);

for (const { subformat, adapter } of APART) {
  Deno.test({
    name: `qemu-img: a VMDK descriptor alone, ${subformat} on ${adapter}, is refused whatever it is declared`,
    ignore: !present,
    fn: () =>
      inFolder(async (folder) => {
        const options = ["-O", "vmdk", "-o", `subformat=${subformat},adapter_type=${adapter}`];
        await Deno.writeFile(`${folder}/data`, new Uint8Array(1 << 20).fill(7));
        await qemuImg("convert", "-f", "raw", ...options, `${folder}/data`, `${folder}/written.vmdk`);
        await Deno.copyFile(`${folder}/written.vmdk`, `${folder}/padded.vmdk`);
        const { size } = await Deno.stat(`${folder}/padded.vmdk`);
        await Deno.truncate(`${folder}/padded.vmdk`, Math.ceil(size / 512 + 1) * 512);
        for (const file of ["written", "padded"]) {
          const path = `${folder}/${file}.vmdk`;
          assert.equal((await inspectFile(path)).format, "vmdk", file);
          for (const declared of ["vmdk", "raw", "qcow2", "vdi", "ami", "aki", "ploop"]) {
            assert.ok(!(await verdictOn(path, declared)).ok, `${file} as ${declared}`);
          }
        }
      }),
  });
}

Deno.test({
  name: "qemu-img: images with data in them, and large ones",
  ignore: !present,
  fn: () =>
    inFolder(async (folder) => {
      const random = new Uint8Array(300_000);
      for (let at = 0; at < random.length; at += 50_000) {
        crypto.getRandomValues(random.subarray(at, at + 50_000));
      }
      await Deno.writeFile(`${folder}/data`, random);
      for (const [format, ours] of [["qcow2", "qcow2"], ["vmdk", "vmdk"], ["vdi", "vdi"], ["vhdx", "vhdx"]]) {
        const path = `${folder}/${format}`;
        await qemuImg("convert", "-f", "raw", "-O", format!, `${folder}/data`, path);
        const info = JSON.parse(await qemuImg("info", "--output=json", path));
        const verdict = await verdictOn(path, ours!);
        assert.ok(verdict.ok);
        assert.equal(verdict.virtualSize, info["virtual-size"]);
        await qemuImg("create", "-q", "-f", format!, `${path}-large`, "1T");
        assert.equal((await inspectFile(`${path}-large`)).virtualSize, 2 ** 40);
      }
      const packed = `${folder}/packed`;
      await qemuImg("convert", "-O", "vmdk", "-o", "subformat=streamOptimized", `${folder}/data`, packed);
      assert.deepEqual((await inspectFile(packed)).failures, []);
    }),
});

/** Import plugins on real files. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { basename, join } from "node:path";
import { compressionOf } from "../../src/imports/plugins/compression.ts";
import { runPlugins } from "../../src/imports/plugins/run.ts";
import type { Ctx } from "../../src/deps.ts";
import { NOBODY } from "../../src/caller.ts";
import { isError } from "../../src/errors.ts";
import { greedyXz, greedyZstd } from "../support/bombs.ts";
import { BOOT_SECTORS, mbr } from "../support/format_headers.ts";
import { missing } from "../support/installed.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";

const text = new TextEncoder();

async function run(name: string, args: string[], cwd: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, { args, cwd, stdout: "null" }).output();
  assert.ok(success, `${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** A step that needs a program; without it the report counts it as ignored. */
function stepWith(t: Deno.TestContext, command: string, name: string, fn: () => Promise<void>) {
  return t.step({ name, ignore: missing(command), fn });
}

/** 3 MiB that compress well, but not to nothing. */
function plainData(): Uint8Array {
  const data = new Uint8Array(3 * 1024 * 1024);
  for (let i = 0; i < data.length; i++) data[i] = (i * i) >> 8 & 0x3f;
  return data;
}

async function stage(service: TestService, bytes: Uint8Array): Promise<string> {
  const path = join(service.dir, "staging", crypto.randomUUID());
  await Deno.mkdir(join(service.dir, "staging"), { recursive: true });
  await Deno.writeFile(path, bytes);
  return path;
}

async function plugins(
  service: TestService,
  path: string,
  body: Record<string, unknown>,
  roles: string[] = ["member"],
) {
  const { id } = await service.create(OWNER, { container_format: "bare", disk_format: "raw", ...body });
  const image = await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  const reports: string[] = [];
  const ctx: Ctx = { deps: service.deps, caller: { ...NOBODY, roles }, requestId: "req-test" };
  const result = await runPlugins({
    ctx,
    image: image!,
    path,
    copies: 1,
    signal: new AbortController().signal,
    progress: (line) => reports.push(line),
  });
  return { ...result, reports };
}

const COMPRESSORS: [string, string, string[]][] = [
  ["gzip", "gzip", ["-k", "plain"]],
  ["xz", "xz", ["-k", "-1", "plain"]],
  ["bzip2", "bzip2", ["-k", "plain"]],
  ["zstd", "zstd", ["-q", "plain"]],
  ["zip", "zip", ["-q", "plain.zip", "plain"]],
];

Deno.test("compressed data is replaced by what is in it", async (t) => {
  await using service = await startService({
    "image_import_opts.image_import_plugins": "[image_decompression]",
  });
  const data = plainData();
  for (const [kind, command, args] of COMPRESSORS) {
    await stepWith(t, command, kind, async () => {
      const dir = await Deno.makeTempDir({ dir: service.dir });
      await Deno.writeFile(join(dir, "plain"), data);
      await run(command, args, dir);
      const made = [...Deno.readDirSync(dir)].find(({ name }) => name !== "plain")!.name;
      const compressed = await Deno.readFile(join(dir, made));
      assert.equal(compressionOf(compressed), kind);
      const path = await stage(service, compressed);
      const result = await plugins(service, path, {});
      assert.equal(result.path, path);
      assert.equal(result.columns.size, data.length);
      assert.ok(Buffer.from(await Deno.readFile(path)).equals(Buffer.from(data)));
      await Deno.remove(path);
    });
  }
  for (
    const [command, suffix] of [["gzip", "gz"], ["bzip2", "bz2"], ["xz", "xz"], ["zstd", "zst"]] as const
  ) {
    await stepWith(t, command, `two streams of ${command}`, async () => {
      const dir = await Deno.makeTempDir({ dir: service.dir });
      await Deno.writeTextFile(join(dir, "plain"), "one");
      await run(command, ["plain"], dir);
      const one = await Deno.readFile(join(dir, `plain.${suffix}`));
      const path = await stage(service, new Uint8Array([...one, ...one]));
      await plugins(service, path, {});
      assert.equal(await Deno.readTextFile(path), "oneone");
      await Deno.remove(path);
    });
  }
  await t.step("plain data stays", async () => {
    const path = await stage(service, text.encode("plain"));
    const result = await plugins(service, path, {});
    assert.deepEqual(result.columns, {});
    assert.equal(await Deno.readTextFile(path), "plain");
    await Deno.remove(path);
  });
  await t.step("container format compressed stays", async () => {
    const path = await stage(service, new Uint8Array([0x1f, 0x8b, 0x08, 0, 0, 0]));
    await plugins(service, path, { container_format: "compressed" });
    await Deno.remove(path);
  });
  assert.deepEqual([...Deno.readDirSync(join(service.dir, "staging"))], [], "nothing is left in staging");
});

Deno.test("bombs and broken archives are refused and leave the staged file alone", async (t) => {
  await using service = await startService({
    "image_import_opts.image_import_plugins": "[image_decompression]",
    "DEFAULT.image_size_cap": String(100 * 1024 * 1024),
    "oneglance.decompression_max_ratio": "50",
  });
  const refused = async (bytes: Uint8Array, code: "too_large" | "bad_request", says = /./) => {
    const path = await stage(service, bytes);
    await assert.rejects(plugins(service, path, {}), (error) => {
      assert.ok(isError(error, code), String(error));
      assert.match(error.message, /^The data cannot be decompressed: ./);
      assert.match(error.message, says);
      return true;
    });
    assert.ok(Buffer.from(await Deno.readFile(path)).equals(Buffer.from(bytes)));
    await Deno.remove(path);
    assert.deepEqual([...Deno.readDirSync(join(service.dir, "staging"))], []);
  };
  const zeros = async (mib: number) => {
    const dir = await Deno.makeTempDir({ dir: service.dir });
    using file = await Deno.open(join(dir, "zeros"), { create: true, write: true });
    await file.truncate(mib * 1024 * 1024);
    await run("gzip", ["-1", "zeros"], dir);
    return await Deno.readFile(join(dir, "zeros.gz"));
  };
  await stepWith(t, "gzip", "above the ratio", async () => await refused(await zeros(80), "too_large"));
  await stepWith(t, "gzip", "above the absolute size", async () => {
    await refused(await zeros(200), "too_large", /larger than \d+ bytes/);
  });
  // The reason is one of the data, whichever words it has.
  await stepWith(t, "xz", "xz with a dictionary that is too large", async () => {
    await refused(await greedyXz(), "bad_request", /dictionary is larger than 64 MiB/);
  });
  await t.step("zstd with a window that is too large", async () => {
    await refused(greedyZstd(), "bad_request", /zstd window/);
  });
  for (const [, command, args] of COMPRESSORS) {
    await stepWith(t, command, `${command}, cut`, async () => {
      const dir = await Deno.makeTempDir({ dir: service.dir });
      await Deno.writeFile(join(dir, "plain"), plainData());
      await run(command, args, dir);
      const [{ name }] = [...Deno.readDirSync(dir)].filter(({ name }) => name !== "plain") as [Deno.DirEntry];
      const whole = await Deno.readFile(join(dir, name));
      await refused(whole.subarray(0, whole.length >> 1), "bad_request");
    });
  }
  const broken: [string, number[]][] = [
    ["gzip", [0x1f, 0x8b, 0x08, 0, 1, 2, 3, 4, 5]],
    ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2, 3]],
    ["bzip2", [0x42, 0x5a, 0x68, 0x39, 1, 2, 3]],
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd, 255, 255, 255]],
    ["zip", [0x50, 0x4b, 0x03, 0x04, 1, 2, 3]],
  ];
  for (const [kind, bytes] of broken) {
    await t.step(`broken ${kind}`, async () => await refused(new Uint8Array(bytes), "bad_request"));
  }
  await stepWith(t, "zip", "two members in a zip", async () => {
    const dir = await Deno.makeTempDir({ dir: service.dir });
    await Deno.writeTextFile(join(dir, "a"), "a");
    await Deno.writeTextFile(join(dir, "b"), "b");
    await run("zip", ["-q", "two.zip", "a", "b"], dir);
    await refused(await Deno.readFile(join(dir, "two.zip")), "bad_request", /more than one member/);
  });
  for (const name of ["a", "folder/a"]) {
    await stepWith(t, "zip", `an encrypted zip of ${name}`, async () => {
      const dir = await Deno.makeTempDir({ dir: service.dir });
      await Deno.mkdir(join(dir, "folder"));
      await Deno.writeFile(join(dir, name), plainData());
      await run("zip", ["-q", "-r", "-P", "secret", "locked.zip", name.split("/")[0]!], dir);
      await refused(await Deno.readFile(join(dir, "locked.zip")), "bad_request", /the archive is encrypted/);
    });
  }
});

Deno.test("properties are injected, but not for users who are to be left alone", async () => {
  await using service = await startService({
    "image_import_opts.image_import_plugins": "[no_op,inject_image_metadata]",
    "inject_metadata_properties.inject": "os_type:linux,os_glance_x:no",
  });
  const path = await stage(service, text.encode("x"));
  assert.deepEqual((await plugins(service, path, {})).setProperties, { os_type: "linux" });
  assert.deepEqual((await plugins(service, path, {}, ["admin"])).setProperties, {});
});

Deno.test("what no image can have as a property stops the start, if it were injected", async (t) => {
  const start = (plugin: string, inject: string) =>
    startService({
      "image_import_opts.image_import_plugins": `[${plugin}]`,
      "inject_metadata_properties.inject": inject,
    });
  const rows: [inject: string, has: string][] = [
    ["name:x", "'name'"],
    ["os_type:linux,visibility:public", "'visibility'"],
    ["os_hidden:true", "'os_hidden'"],
    ["status:active", "'status'"],
    ["id:x", "'id'"],
    ["os_hash_algo:md5", "'os_hash_algo'"],
    ["locations:x", "'locations'"],
    ["stores:a", "'stores'"],
    ["deleted:no", "'deleted'"],
    ["tags:x", "'tags'"],
    [`${"n".repeat(256)}:x`, "longer than 255 characters"],
    [`long:${"x".repeat(65536)}`, "'long'"],
    ["smile:😀", "'smile'"],
  ];
  for (const [inject, has] of rows) {
    await t.step(inject.slice(0, 40), async () => {
      await assert.rejects(start("inject_image_metadata", inject), (error) => {
        assert.ok(isError(error, "config"), String(error));
        assert.match(error.message, /^\[inject_metadata_properties\] inject: /);
        assert.ok(error.message.includes(has), error.message);
        return true;
      });
    });
  }
  await t.step("where the plugin does not run, it does not matter", async () => {
    await using _ = await start("no_op", "name:x");
  });
});

Deno.test("a plugin that is not known stops the start", async () => {
  await assert.rejects(
    startService({ "image_import_opts.image_import_plugins": "[nonsense]" }),
    (error) => isError(error, "config") && error.message.includes("nonsense"),
  );
});

Deno.test({ name: "conversion by qemu-img", ignore: missing("qemu-img"), fn: convertAll });

async function convertAll(t: Deno.TestContext): Promise<void> {
  await using service = await startService({
    "image_import_opts.image_import_plugins": "[image_conversion]",
    "image_conversion.output_format": "raw",
  });
  const dir = await Deno.makeTempDir({ dir: service.dir });
  await Deno.writeFile(join(dir, "plain"), plainData());
  const formats = [["qcow2", "qcow2"], ["vhd", "vpc"], ["vhdx", "vhdx"], ["vmdk", "vmdk"], ["vdi", "vdi"], [
    "ploop",
    "parallels",
  ]] as const;
  for (const [disk_format, name] of formats) {
    const exact = name === "vpc" ? ["-o", "force_size=on"] : [];
    await run("qemu-img", ["convert", "-O", name, ...exact, "plain", `plain.${disk_format}`], dir);
    await t.step(`${disk_format} to raw`, async () => {
      const path = await stage(service, await Deno.readFile(join(dir, `plain.${disk_format}`)));
      const result = await plugins(service, path, { disk_format });
      assert.equal(result.path, `${path}.raw`);
      assert.equal(result.columns.disk_format, "raw");
      assert.equal(result.columns.size, 3 * 1024 * 1024);
      assert.ok(Buffer.from(await Deno.readFile(result.path)).equals(Buffer.from(plainData())));
      await Deno.remove(result.path);
      await assert.rejects(Deno.stat(path));
    });
  }
  await t.step(
    "a boot sector that is no partition table stays raw; another is refused with its option",
    async () => {
      const path = await stage(service, BOOT_SECTORS.NTFS!());
      assert.equal((await plugins(service, path, { disk_format: "raw" })).path, path);
      await Deno.writeFile(path, mbr((bytes) => bytes[446] = 1));
      await assert.rejects(
        plugins(service, path, { disk_format: "raw" }),
        (error) =>
          isError(error, "bad_request") && error.message.includes("gpt_safety_checks_nonfatal = mbr"),
      );
      await using lenient = await startService({
        "image_import_opts.image_import_plugins": "[image_conversion]",
        "image_conversion.output_format": "raw",
        "image_format.gpt_safety_checks_nonfatal": "mbr",
      });
      assert.equal((await plugins(lenient, path, { disk_format: "raw" })).path, path);
      await Deno.remove(path);
    },
  );
  await t.step("raw stays raw", async () => {
    const path = await stage(service, plainData());
    const result = await plugins(service, path, { disk_format: "raw" });
    assert.equal(result.path, path);
    await Deno.remove(path);
  });
  await t.step("what would become larger than image_size_cap", async () => {
    await using small = await startService({
      "image_import_opts.image_import_plugins": "[image_conversion]",
      "image_conversion.output_format": "raw",
      "DEFAULT.image_size_cap": `${2 << 20}`,
    });
    const path = await stage(small, await Deno.readFile(join(dir, "plain.qcow2")));
    await assert.rejects(
      plugins(small, path, { disk_format: "qcow2" }),
      (error) => isError(error, "too_large") && error.message.includes(String(2 << 20)),
    );
    assert.deepEqual([...Deno.readDirSync(join(small.dir, "staging"))].map(({ name }) => name), [
      basename(path),
    ]);
  });
  const refused: [string, string[], string, string][] = [
    [
      "a backing file",
      ["create", "-f", "qcow2", "-F", "raw", "-b", "plain", "backed.qcow2"],
      "backed.qcow2",
      "qcow2",
    ],
    ["another format than declared", ["convert", "-O", "vmdk", "plain", "plain.vmdk"], "plain.vmdk", "qcow2"],
    ["qed", ["convert", "-O", "qed", "plain", "plain.qed"], "plain.qed", "raw"],
  ];
  for (const [name, args, file, disk_format] of refused) {
    await t.step(name, async () => {
      await run("qemu-img", args, dir);
      const path = await stage(service, await Deno.readFile(join(dir, file)));
      await assert.rejects(plugins(service, path, { disk_format }), (error) => isError(error, "bad_request"));
      await Deno.remove(path);
    });
  }
  assert.deepEqual([...Deno.readDirSync(join(service.dir, "staging"))], []);
}

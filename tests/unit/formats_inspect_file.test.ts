/** The report on a file, as `oneglance inspect` prints it. */
import assert from "node:assert/strict";
import { run } from "../../src/cli/run.ts";
import { isError } from "../../src/errors.ts";
import { inspectFile, renderReport, reportFile } from "../../src/formats/inspect_file.ts";
import { WORKERS } from "../../workers.ts";
import * as make from "../support/format_headers.ts";

async function withFile(bytes: Uint8Array, work: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "formats-" });
  try {
    await Deno.writeFile(path, bytes);
    await work(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("inspect file: a good image", () =>
  withFile(make.qcow2(), async (path) => {
    const report = await reportFile(path);
    assert.deepEqual(report, {
      file: path,
      format: "qcow2",
      variant: "version 3",
      matches: ["qcow2"],
      size: 1024,
      virtual_size: 10 * 2 ** 30,
      failed_checks: [],
      notes: [],
      disk_format: "qcow2",
      accepted: true,
      message: null,
    });
    assert.equal(
      renderReport(report),
      `file: ${path}\nformat: qcow2 (version 3)\nsize: 1024\nvirtual size: 10737418240\naccepted as qcow2`,
    );
  }));

Deno.test("inspect file: an unsafe image names the failed check", () =>
  withFile(make.qcow2((_, fields) => fields.setBigUint64(8, 512n)), async (path) => {
    const report = await reportFile(path, { diskFormat: "raw" });
    assert.equal(report.accepted, false);
    assert.equal(report.message, "Image failed safety checks: backing_file (Image has a backing file)");
    const text = renderReport(report);
    assert.match(text, /^failed check: backing_file \(Image has a backing file\)$/m);
    assert.match(text, /^refused as raw: Image failed safety checks: backing_file /m);
  }));

Deno.test("inspect file: mismatch, polyglot, cut short, fixed VHD", async () => {
  await withFile(make.vdi(), async (path) => {
    const report = await reportFile(path, { diskFormat: "vmdk" });
    assert.equal(report.message, "Image disk_format vmdk does not match stream data vdi");
    const lenient = await reportFile(path, { diskFormat: "vmdk", requireMatch: false });
    assert.deepEqual([lenient.accepted, lenient.virtual_size], [true, null]);
    assert.match(renderReport(lenient), /^virtual size: unknown$/m);
  });
  await withFile(make.qcow2((bytes) => make.put(bytes, 510, "\x55\xaa")), async (path) => {
    const report = await reportFile(path);
    assert.deepEqual([report.accepted, report.message], [false, "Multiple formats detected: qcow2,gpt"]);
  });
  await withFile(make.vhdx().slice(0, 1000), async (path) => {
    const report = await reportFile(path);
    assert.equal(report.accepted, false);
    assert.match(renderReport(report), /^note: the VHDX region table is truncated$/m);
  });
  await withFile(make.image(4096, { [4096 - 512]: "conectix" }), async (path) => {
    assert.match(renderReport(await reportFile(path)), /note: .*fixed VHD[^]*accepted as raw/);
  });
});

Deno.test("inspect file: LUKS has the bytes behind its header, whichever disk_formats there are", () =>
  withFile(make.luks(), async (path) => {
    for (const diskFormats of [["raw", "qcow2"], ["raw", "luks"]]) {
      assert.equal((await reportFile(path, { diskFormats })).virtual_size, 64 * 1024 - 8 * 512);
    }
    // The question is another one here: what the image would get.
    assert.equal((await reportFile(path, { diskFormat: "raw" })).virtual_size, 64 * 1024);
  }));

Deno.test("inspect file: boot sectors", async () => {
  await withFile(make.BOOT_SECTORS.NTFS!(), async (path) => {
    const text = renderReport(await reportFile(path));
    assert.match(text, /^accepted as raw: The first sector is of an NTFS file system$/m);
  });
  await withFile(make.mbr((bytes) => bytes[446] = 1), async (path) => {
    const text = renderReport(await reportFile(path, { diskFormats: ["raw"] }));
    assert.match(text, /^failed check: mbr /m);
    assert.match(text, /^refused as raw: .*\[image_format\] gpt_safety_checks_nonfatal = mbr/m);
  });
});

Deno.test("inspect file: a file longer than a read, and an empty one", async () => {
  await withFile(make.vhdx(), async (path) => {
    assert.equal((await inspectFile(path)).virtualSize, 5 * 2 ** 30);
  });
  await withFile(new Uint8Array(0), async (path) => {
    const report = await reportFile(path);
    assert.deepEqual([report.format, report.virtual_size, report.accepted], ["raw", null, true]);
  });
});

Deno.test("inspect file: what is no file is an error of the closed list", async () => {
  const folder = await Deno.makeTempDir({ prefix: "formats-" });
  try {
    await assert.rejects(inspectFile(`${folder}/none`), (error) => isError(error, "not_found"));
    await assert.rejects(inspectFile(folder), (error) => isError(error, "bad_request"));
    // A pipe that nobody writes to must not be waited for.
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    await assert.rejects(
      inspectFile(`${folder}/pipe`),
      (error) => isError(error, "bad_request") && error.message.endsWith("is not a regular file"),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("inspect: the verdict follows the options, and no image is what it cannot be", async (t) => {
  const conf = await Deno.makeTempFile({ prefix: "formats-" });
  await Deno.writeTextFile(
    conf,
    "[image_format]\ndisk_formats = raw,gpt,vmdk\nrequire_image_format_match = false\n" +
      "gpt_safety_checks_nonfatal = mbr\n",
  );
  const named = ["--config-file", conf];
  const empty = make.mbr((bytes) => bytes[450] = 0);
  const qcow2As = "as vmdk: Image disk_format vmdk does not match stream data qcow2$";
  const rows: [bytes: Uint8Array, args: string[], exit: number, says: RegExp][] = [
    [make.mbr(), [], 0, /^accepted as raw: Image declared raw holds gpt$/m],
    [empty, [], 1, /^refused as raw: Image failed safety checks: mbr /m],
    [make.qed(), [], 1, /^refused as raw: Image failed safety checks: banned /m],
    [make.qcow2(), ["--disk-format", "vmdk"], 1, new RegExp(`^refused ${qcow2As}`, "m")],
    [make.qcow2(), ["--disk-format=vmdk", ...named], 0, new RegExp(`^accepted ${qcow2As}`, "m")],
    [empty, named, 0, /^accepted as gpt: Safety check mbr: The partition table has no partition$/m],
    [make.qcow2(), named, 0, /^accepted as raw: Image declared raw holds qcow2$/m],
    [
      make.mbr(),
      ["--disk-format", "gpt"],
      2,
      /--disk-format must be one of ami, ari, .*: \[image_format\] disk_formats/,
    ],
    [make.mbr(), ["--disk-format", "RAW"], 2, /--disk-format must be one of/],
    [make.mbr(), ["--config-file", "/none"], 5, /none/],
    [make.mbr(), ["--help"], 0, /^Usage: oneglance inspect/],
  ];
  for (const [bytes, args, exit, says] of rows) {
    await t.step(`${args.join(" ").replace(conf, "conf")}: ${says}`, () =>
      withFile(bytes, async (path) => {
        const said: string[] = [];
        const say = (text: string) => void said.push(text);
        const program = { name: "oneglance", workers: WORKERS, env: {}, out: say, err: say };
        assert.equal(await run({ ...program, args: ["inspect", path, ...args] }), exit);
        assert.match(said.join("\n"), says);
      }));
  }
  await Deno.remove(conf);
});

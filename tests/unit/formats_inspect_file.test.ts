/** The report on a file, as `oneglance inspect` prints it. */
import assert from "node:assert/strict";
import { isError } from "../../src/errors.ts";
import { inspectFile, renderReport, reportFile } from "../../src/formats/inspect_file.ts";
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
    assert.equal(report.message, "Image failed safety checks");
    const text = renderReport(report);
    assert.match(text, /^failed check: backing_file \(Image has a backing file\)$/m);
    assert.match(text, /^refused as raw: Image failed safety checks$/m);
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
    assert.match(renderReport(report), /^note: the VHDX region table is cut short$/m);
  });
  await withFile(make.image(4096, { [4096 - 512]: "conectix" }), async (path) => {
    assert.match(renderReport(await reportFile(path)), /note: .*fixed VHD[^]*accepted as raw/);
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

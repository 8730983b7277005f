/** What becomes of an upload: docs/reference/background-jobs.md §8, the table of situations. */
import assert from "node:assert/strict";
import { inspect, judge, type Verdict } from "../../src/formats/inspect.ts";
import * as make from "../support/format_headers.ts";

interface Options {
  containerFormat?: string;
  requireMatch?: boolean;
  gptNonfatal?: string[];
}

async function upload(bytes: Uint8Array, diskFormat: string, options: Options = {}): Promise<Verdict> {
  const inspection = await inspect(make.memoryPeek(bytes), { size: bytes.length });
  const { containerFormat = "bare", requireMatch = true, gptNonfatal } = options;
  return judge({ diskFormat, containerFormat, inspection, options: { requireMatch, gptNonfatal } });
}

async function accepted(bytes: Uint8Array, diskFormat: string, options?: Options): Promise<number | null> {
  const verdict = await upload(bytes, diskFormat, options);
  assert.ok(verdict.ok, `${diskFormat}: ${verdict.ok ? "" : verdict.message}`);
  return verdict.virtualSize;
}

async function refused(bytes: Uint8Array, diskFormat: string, options?: Options): Promise<string> {
  const verdict = await upload(bytes, diskFormat, options);
  assert.ok(!verdict.ok, `${diskFormat} was accepted`);
  assert.equal(verdict.code, "unsupported_media_type");
  return verdict.message;
}

const UNSAFE = /^Image failed safety checks: \w+ \(.+\)/;
const backed = make.qcow2((_, fields) => fields.setBigUint64(8, 512n));

Deno.test("verdict: the declared format gives the virtual size", async () => {
  assert.equal(await accepted(make.qcow2(), "qcow2"), 10 * 2 ** 30);
  assert.equal(await accepted(make.vmdk(), "vmdk"), 20480 * 512);
  assert.equal(await accepted(make.vhd(), "vhd"), 7 * 2 ** 20);
  assert.equal(await accepted(make.vhdx(), "vhdx"), 5 * 2 ** 30);
  assert.equal(await accepted(make.iso(), "iso"), 180 * 2048);
  assert.equal(await accepted(make.gpt(), "gpt"), 8192);
  assert.equal(await accepted(make.ploop(), "ploop"), 0x1_0000_0800 * 512);
});

Deno.test("verdict: raw takes everything that is safe, and counts its bytes", async () => {
  for (const bytes of [new Uint8Array(4096), make.qcow2(), make.gpt(), make.iso(), make.ploop()]) {
    assert.equal(await accepted(bytes, "raw"), bytes.length);
  }
  const verdict = await upload(make.qcow2(), "raw");
  assert.ok(verdict.ok);
  assert.equal(verdict.warning, "Image declared raw holds qcow2");
  for (const bytes of [backed, make.qed(), make.luks((_, fields) => fields.setUint16(6, 2))]) {
    assert.match(await refused(bytes, "raw"), UNSAFE);
  }
});

Deno.test("verdict: no data has no virtual size", async () => {
  assert.equal(await accepted(new Uint8Array(0), "raw"), null);
  assert.equal(await accepted(make.qcow2((_, fields) => fields.setBigUint64(24, 0n)), "qcow2"), null);
});

Deno.test("verdict: another format than declared", async () => {
  const raw = new Uint8Array(4096);
  assert.equal(await refused(raw, "qcow2"), "Image disk_format qcow2 does not match stream data raw");
  assert.equal(
    await refused(make.qcow2(), "vmdk"),
    "Image disk_format vmdk does not match stream data qcow2",
  );
  assert.equal(await refused(raw, "gpt"), "Image disk_format gpt does not match stream data raw");
  assert.equal(await refused(make.iso(), "gpt"), "Image disk_format gpt does not match stream data iso");
  const fixed = make.image(4096, { [4096 - 512]: "conectix" });
  assert.equal(await refused(fixed, "vhd"), "Image disk_format vhd does not match stream data raw");
});

Deno.test("verdict: formats that cannot be detected pass only when nothing is recognised", async () => {
  for (const format of ["ami", "ari", "aki", "ploop"]) {
    assert.equal(await accepted(new Uint8Array(4096), format), null);
  }
  assert.equal(await refused(make.mbr(), "ami"), "Image disk_format ami does not match stream data gpt");
});

Deno.test("verdict: polyglots are refused, but for an ISO with a partition table", async () => {
  const polyglot = make.qcow2((bytes) => make.put(bytes, 510, "\x55\xaa"));
  for (const format of ["qcow2", "raw", "ami"]) {
    assert.equal(await refused(polyglot, format), "Multiple formats detected: qcow2,gpt");
  }
  const hybrid = make.iso((bytes) => make.put(bytes, 510, "\x55\xaa"));
  assert.equal(await accepted(hybrid, "iso"), 180 * 2048);
  assert.equal(await accepted(hybrid, "raw"), hybrid.length);
});

Deno.test("verdict: only bare images are looked at", async () => {
  for (const containerFormat of ["ami", "ovf", "ova", "docker", "compressed"]) {
    assert.equal(await accepted(backed, "qcow2", { containerFormat }), null);
    assert.equal(await accepted(new Uint8Array(512), "qcow2", { containerFormat }), null);
  }
});

Deno.test("verdict: require_image_format_match = false accepts a mismatch, never an unsafe match", async () => {
  const requireMatch = false;
  const verdict = await upload(new Uint8Array(4096), "qcow2", { requireMatch });
  assert.deepEqual(verdict, {
    ok: true,
    virtualSize: null,
    warning: "Image disk_format qcow2 does not match stream data raw",
  });
  assert.equal(await accepted(backed, "vmdk", { requireMatch }), null);
  assert.match(await refused(backed, "qcow2", { requireMatch }), UNSAFE);
  assert.match(await refused(backed, "raw", { requireMatch }), UNSAFE);
});

Deno.test("verdict: a file too short for its format counts as a mismatch", async () => {
  const short = make.vhdx().slice(0, 300_000);
  assert.equal(await refused(short, "vhdx"), "Incomplete file cannot be safety checked");
  assert.equal(await refused(short, "raw"), "Incomplete file cannot be safety checked");
  assert.equal(await accepted(short, "vhdx", { requireMatch: false }), null);
  assert.equal(await accepted(short, "raw", { requireMatch: false }), short.length);
});

Deno.test("verdict: gpt_safety_checks_nonfatal only warns, and only for gpt", async () => {
  const empty = make.mbr((bytes) => bytes[450] = 0);
  assert.match(await refused(empty, "raw"), UNSAFE);
  const verdict = await upload(empty, "raw", { gptNonfatal: ["mbr"] });
  assert.ok(verdict.ok);
  assert.equal(verdict.virtualSize, empty.length);
  assert.match(verdict.warning!, /^Safety check mbr: /);
  const other = { gptNonfatal: ["backing_file"] };
  assert.match(await refused(empty, "raw", other), UNSAFE);
  assert.match(await refused(backed, "qcow2", other), UNSAFE);
});

Deno.test("verdict: a refusal names the check, its reason, and the option that makes it a warning", async () => {
  assert.equal(
    await refused(backed, "qcow2"),
    "Image failed safety checks: backing_file (Image has a backing file)",
  );
  for (const format of ["raw", "gpt"]) {
    assert.equal(
      await refused(make.mbr((bytes) => bytes[446] = 1), format),
      "Image failed safety checks: mbr (MBR partition entry 0 has an invalid boot flag); the option " +
        "[image_format] gpt_safety_checks_nonfatal = mbr makes it a warning",
    );
  }
});

Deno.test("verdict: a boot sector of something else is no broken partition table", async (t) => {
  for (const [name, build] of Object.entries(make.BOOT_SECTORS)) {
    await t.step(name, async () => {
      const bytes = build();
      const verdict = await upload(bytes, "raw");
      assert.ok(verdict.ok, verdict.ok ? "" : verdict.message);
      assert.equal(verdict.virtualSize, bytes.length);
      assert.match(verdict.warning!, /^The first sector is of an? /);
      for (const format of ["ami", "ari", "aki"]) assert.equal(await accepted(bytes, format), null);
      // Whoever declares a partition table wants one.
      assert.match(await refused(bytes, "gpt"), UNSAFE);
      assert.equal(await accepted(bytes, "gpt", { gptNonfatal: ["mbr"] }), bytes.length);
      assert.match(await refused(bytes, "qcow2"), /qcow2 does not match stream data gpt$/);
      // A format that reads more than the first sector is not hidden by it.
      const both = bytes.slice();
      new DataView(both.buffer).setUint32(0x40, 0xbeda107f, true);
      assert.equal(await refused(both, "raw"), "Multiple formats detected: vdi,gpt");
    });
  }
});

Deno.test("verdict: kernels and RAM disks may begin with any boot sector, but not with a partition table", async () => {
  const odd = make.mbr((bytes) => bytes[446] = 1);
  for (const format of ["aki", "ari"]) {
    assert.equal(await accepted(odd, format), null);
    for (const sound of [make.mbr(), make.gpt()]) {
      assert.equal(
        await refused(sound, format),
        `Image disk_format ${format} does not match stream data gpt`,
      );
    }
    const both = odd.slice();
    new DataView(both.buffer).setUint32(0x40, 0xbeda107f, true);
    assert.equal(await refused(both, format), "Multiple formats detected: vdi,gpt");
  }
  assert.equal(await refused(odd, "ami"), "Image disk_format ami does not match stream data gpt");
});

Deno.test("verdict: an inspection that crashed", async () => {
  const inspection = await inspect(() => Promise.reject(new Error("x")), { size: 1 });
  const input = { diskFormat: "raw", containerFormat: "bare", inspection };
  const strict = judge({ ...input, options: { requireMatch: true } });
  assert.ok(!strict.ok);
  assert.equal(strict.message, "Image format inspection failed");
  assert.deepEqual(judge({ ...input, options: { requireMatch: false } }), {
    ok: true,
    virtualSize: null,
    warning: "Image format inspection failed",
  });
});

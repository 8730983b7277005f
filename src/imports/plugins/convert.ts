/** Plugin image_conversion (docs/reference/background-jobs.md §4.2): never on data that was not inspected before. */
import type { Config } from "../../config/config.ts";
import { fail } from "../../errors.ts";
import { inspectFile } from "../../formats/inspect_file.ts";
import type { Inspection } from "../../formats/inspection.ts";
import { safetyRefusal } from "../../formats/inspect.ts";
import { checkSizeCap } from "../../images/transfer.ts";
import { checkStorageQuota } from "../../quota/quota.ts";
import type { Plugin, PluginJob, PluginResult } from "./plugin.ts";
import { qemuImg, type QemuLimits } from "./qemu_img.ts";

const GIB = 1024 ** 3;
/** For reading headers. */
const INFO: QemuLimits = { memory: GIB, cpu: 2, seconds: 30, output: 0 };

interface QemuInfo {
  format: string;
  "virtual-size": number;
  "backing-filename"?: string;
  "full-backing-filename"?: string;
  "format-specific"?: { data?: Record<string, unknown> };
}

/** Converts the staged file to `[image_conversion] output_format`. Errors: bad_request, internal. */
export const convertImage: Plugin = (job) =>
  convertTo(job, job.ctx.deps.config.get("image_conversion.output_format"));

/** Converts the staged file to a format; an ISO image stays one. Errors: bad_request, internal. */
export async function convertTo(job: PluginJob, target: string): Promise<PluginResult> {
  const { ctx, image, path, signal, progress } = job;
  const { config } = ctx.deps;
  const detected = checkInspection(
    await inspectFile(path),
    image.disk_format,
    config.get("image_format.gpt_safety_checks_nonfatal"),
  );
  if (detected === "iso") return { path };
  const info = await describe(path, detected, signal);
  checkInfo(config, info, detected);
  const virtual_size = info["virtual-size"];
  if (detected === target) return { path, columns: { virtual_size } };
  if (target === "raw") await requireRoom(job, virtual_size);
  const converted = `${path}.${target}`;
  try {
    await convert(job, detected, target, converted, progress);
    const after = await inspectFile(converted);
    if (
      (after.format === "gpt" ? "raw" : after.format) !== target ||
      (target !== "raw" && after.failures.length > 0)
    ) {
      fail("bad_request", `Converted to ${target}, the data looks like ${after.format}.`);
    }
    await Deno.remove(path);
    const { size } = await Deno.stat(converted);
    return {
      path: converted,
      columns: { disk_format: target, container_format: "bare", size, virtual_size },
    };
  } catch (error) {
    await Deno.remove(converted).catch(() => {});
    throw error;
  }
}

/** Raw data is as long as the disk, however few bytes it came as. Errors: too_large. */
async function requireRoom({ ctx, image, copies }: PluginJob, size: number): Promise<void> {
  checkSizeCap(ctx, size);
  await checkStorageQuota(ctx, image.id, size, copies);
  const free = await ctx.deps.stores.staging.free();
  if (free !== null && size > free) {
    fail("too_large", `Converted to raw, the data has ${size} bytes; the staging area has room for ${free}.`);
  }
}

/** The format's name for qemu-img. */
function checkInspection(
  inspection: Inspection,
  declared: string | null,
  gptNonfatal: readonly string[],
): string {
  if (inspection.crashed !== null || inspection.format.includes(",")) {
    fail("bad_request", "Image format inspection failed");
  }
  const refusal = inspection.bootSector === undefined ? safetyRefusal(inspection, gptNonfatal) : null;
  if (refusal !== null) fail("bad_request", refusal);
  const detected = inspection.format === "gpt" ? "raw" : inspection.format;
  if (detected !== declared) {
    fail("bad_request", `Image disk_format ${declared} does not match stream data ${inspection.format}`);
  }
  return detected;
}

async function describe(path: string, format: string, signal: AbortSignal): Promise<QemuInfo> {
  const text = await qemuImg(["info", "-f", nameOf(format), "--output=json", path], { limits: INFO, signal });
  return JSON.parse(text);
}

function checkInfo(config: Pick<Config, "get">, info: QemuInfo, format: string): void {
  if (info.format !== nameOf(format)) {
    fail("bad_request", `qemu-img takes the data for ${info.format}, not ${format}.`);
  }
  if (info["backing-filename"] || info["full-backing-filename"]) {
    fail("bad_request", "The data has a backing file.");
  }
  const specific = info["format-specific"]?.data ?? {};
  if (specific["data-file"]) fail("bad_request", "The data has an external data file.");
  const kind = specific["create-type"];
  if (format === "vmdk" && !config.get("image_format.vmdk_allowed_types").includes(String(kind))) {
    fail("bad_request", `VMDK of type ${kind} is not allowed.`);
  }
}

async function convert(
  { ctx, signal }: PluginJob,
  from: string,
  to: string,
  converted: string,
  progress: (text: string) => void,
): Promise<void> {
  const { config } = ctx.deps;
  const seconds = config.get("oneglance.conversion_timeout");
  const limits = {
    memory: config.get("oneglance.conversion_memory"),
    cpu: seconds,
    seconds,
    output: config.get("DEFAULT.image_size_cap"),
  };
  const path = converted.slice(0, converted.length - to.length - 1);
  await qemuImg(["convert", "-p", "-f", nameOf(from), "-O", nameOf(to), path, converted], {
    limits,
    signal,
    onOutput: (text) => {
      const percent = /\((\d+)[.,]\d+\/100%\)/.exec(text)?.[1];
      if (percent !== undefined) progress(`Converted ${percent} %`);
    },
  });
}

/** qemu-img's names of formats that Glance calls otherwise. */
const QEMU_NAMES: Record<string, string> = { vhd: "vpc", ploop: "parallels" };

/** qemu-img's name of a glance format. */
function nameOf(format: string): string {
  return QEMU_NAMES[format] ?? format;
}

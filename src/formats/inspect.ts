import { errorText } from "../util/error_text.ts";
import {
  BudgetedPeek,
  type FailedCheck,
  type FormatResult,
  type Inspection,
  type Peek,
} from "./inspection.ts";
import { detectGpt } from "./gpt.ts";
import { detectIso, detectPloop, detectQed, detectVdi } from "./simple.ts";
import { detectLuks } from "./luks.ts";
import { detectQcow2 } from "./qcow2.ts";
import { detectVhd, endsInVhdFooter } from "./vhd.ts";
import { detectVhdx } from "./vhdx.ts";
import { detectVmdk } from "./vmdk.ts";

/** Looks for the signature of one format. Throws only errors of reading. */
export type Detector = (peek: BudgetedPeek) => Promise<FormatResult | null>;

/** Detectors by format; `raw` is the absence of all others. */
export const DETECTORS: Record<string, Detector> = {
  qcow2: detectQcow2,
  qed: detectQed,
  vhd: detectVhd,
  vhdx: detectVhdx,
  vmdk: detectVmdk,
  vdi: detectVdi,
  iso: detectIso,
  gpt: detectGpt,
  luks: detectLuks,
  ploop: detectPloop,
};

/**
 * Runs all detectors over image data (docs/reference/background-jobs.md §8).
 *
 * @param peek reads the data; at most 8 MiB, whatever the data claims
 * @param options.size number of bytes of the whole data
 * @returns the finding; never throws: an error of `peek` is in `crashed`
 */
export async function inspect(peek: Peek, options: { size: number }): Promise<Inspection> {
  const source = new BudgetedPeek(peek, options.size);
  try {
    const results: FormatResult[] = [];
    for (const detect of Object.values(DETECTORS)) {
      const result = await detect(source);
      if (result) results.push(result);
    }
    const inspection = settle(results, options.size);
    if (!inspection.matches.includes("vhd") && await endsInVhdFooter(source)) {
      inspection.notes.push("The data ends with the footer of a fixed VHD; such a disk counts as raw");
    }
    return inspection;
  } catch (error) {
    const crashed = errorText(error);
    return { ...settle([], options.size), virtualSize: null, crashed };
  }
}

/** Combines the findings of all detectors. */
function settle(results: FormatResult[], size: number): Inspection {
  const matches = results.map((result) => result.format);
  const base = { matches, size, crashed: null, notes: [] as string[] };
  if (results.length === 0) {
    return { ...base, format: "raw", variant: null, virtualSize: size, failures: [], incomplete: null };
  }
  // A bootable ISO has a partition table in its system area, the only legitimate polyglot.
  const iso = results.length === 2 && matches.includes("gpt") &&
    results.find((result) => result.format === "iso");
  const only = iso || (results.length === 1 && results[0]);
  if (only) return { ...base, ...only };
  return {
    ...base,
    format: matches.join(","),
    variant: "polyglot",
    virtualSize: null,
    failures: results.flatMap((result) => result.failures),
    incomplete: null,
  };
}

/** Formats that Glance detects; any other `disk_format` (ami, ploop, …) is accepted if nothing is detected. */
const INSPECTABLE = new Set(["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks"]);

/** What was declared, what was found, and what the operator requires. */
interface JudgeInput {
  diskFormat: string;
  containerFormat: string;
  inspection: Inspection;
  options: {
    /** `[image_format] require_image_format_match`. */
    requireMatch: boolean;
    /** `[image_format] gpt_safety_checks_nonfatal`: names of `gpt` checks that only warn. */
    gptNonfatal?: readonly string[];
  };
}

/** Whether the data may become the image. `code` and `message` are those of the error. */
export type Verdict =
  /** `virtualSize` in bytes, null = unset; `warning` for the log, null = none. */
  | { ok: true; virtualSize: number | null; warning: string | null }
  /** `failures`: the failed safety checks, for the log; empty if the format did not match. */
  | { ok: false; code: "unsupported_media_type"; message: string; failures: FailedCheck[] };

/**
 * Judges inspected data against the declared formats (docs/reference/background-jobs.md §8, docs/reference/images-api.md §3.4, §3.5).
 * Only `bare` images are judged; all others pass with `virtualSize` null.
 */
export function judge(input: JudgeInput): Verdict {
  const { diskFormat, containerFormat, options } = input;
  if (containerFormat !== "bare") return accept(null);
  const other = bootSectorOf(diskFormat, input.inspection);
  const inspection = other === null ? input.inspection : asRaw(input.inspection);
  const mismatch = mismatchOf(diskFormat, inspection);
  if (mismatch !== null) {
    const size = diskFormat === "raw" && inspection.incomplete !== null ? inspection.size : null;
    return options.requireMatch ? refuse(mismatch) : accept(size, mismatch);
  }
  const refusal = safetyRefusal(inspection, options.gptNonfatal);
  if (refusal !== null) return refuse(refusal, inspection.failures);

  const [warned] = inspection.failures;
  if (other !== null) return accept(virtualSizeOf(diskFormat, inspection), `The first sector is of ${other}`);
  if (warned) {
    return accept(virtualSizeOf(diskFormat, inspection), `Safety check ${warned.check}: ${warned.reason}`);
  }
  const disguised = diskFormat === "raw" && inspection.format !== "raw";
  return accept(
    virtualSizeOf(diskFormat, inspection),
    disguised ? `Image declared raw holds ${inspection.format}` : null,
  );
}

/**
 * Returns why the data is not safe, and what to do about it; null if it is safe.
 * @param gptNonfatal names of `gpt` checks that only warn
 */
export function safetyRefusal(inspection: Inspection, gptNonfatal: readonly string[] = []): string | null {
  const isGpt = inspection.format === "gpt";
  const fatal = inspection.failures.filter(({ check }) => !isGpt || !gptNonfatal.includes(check));
  if (fatal.length === 0) return null;
  const reasons = fatal.map(({ check, reason }) => `${check} (${reason})`).join(", ");
  const checks = fatal.map(({ check }) => check).join(",");
  const way = `; the option [image_format] gpt_safety_checks_nonfatal = ${checks} makes it a warning`;
  return `Image failed safety checks: ${reasons}${isGpt ? way : ""}`;
}

/** Formats of kernels and RAM disks, whose first sector may be anything. */
const BOOT_FORMATS = new Set(["aki", "ari"]);

/**
 * Returns what a first sector with the signature of a partition table, but without a table, belongs to, if it is
 * harmless: nothing else was detected, and readers of the declared format do not look for a table.
 */
function bootSectorOf(diskFormat: string, { format, failures, bootSector }: Inspection): string | null {
  if (format !== "gpt" || failures.some(({ check }) => check !== "mbr") || failures.length === 0) return null;
  if (BOOT_FORMATS.has(diskFormat)) return bootSector ?? "a boot sector";
  return diskFormat === "raw" || !INSPECTABLE.has(diskFormat) ? bootSector ?? null : null;
}

/** Returns the finding without the invalid partition table. */
function asRaw(inspection: Inspection): Inspection {
  return { ...inspection, format: "raw", matches: [], failures: [], virtualSize: inspection.size };
}

/** Returns why the data does not match the declaration, with Glance's texts; null if it does. */
function mismatchOf(diskFormat: string, { format, matches, incomplete, crashed }: Inspection): string | null {
  if (crashed !== null) return "Image format inspection failed";
  if (format.includes(",")) return `Multiple formats detected: ${matches.join(",")}`;
  const unknowable = format === "raw" && !INSPECTABLE.has(diskFormat);
  if (format !== diskFormat && diskFormat !== "raw" && !unknowable) {
    return `Image disk_format ${diskFormat} does not match stream data ${format}`;
  }
  return incomplete === null ? null : "Incomplete file cannot be safety checked";
}

function virtualSizeOf(diskFormat: string, { format, size, virtualSize }: Inspection): number | null {
  if (diskFormat === "raw") return size;
  return format === diskFormat ? virtualSize : null;
}

/** 0 means unknown and is stored as null. */
function accept(virtualSize: number | null, warning: string | null = null): Verdict {
  return { ok: true, virtualSize: virtualSize || null, warning };
}

function refuse(message: string, failures: FailedCheck[] = []): Verdict {
  return { ok: false, code: "unsupported_media_type", message, failures };
}

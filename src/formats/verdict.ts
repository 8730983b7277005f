import type { FailedCheck, Inspection } from "./inspection.ts";

/** Formats that glance can tell; any other `disk_format` (ami, ploop, …) is accepted when nothing is recognised. */
const INSPECTABLE = new Set(["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "qed", "iso", "gpt", "luks"]);

/** What was declared, what was found, and what the operator wants. */
export interface JudgeInput {
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

/** Whether the data may become the image. `code` and `message` are of the error to answer. */
export type Verdict =
  /** `virtualSize` in bytes, null = to be left unset; `warning` is for the log, null = nothing odd. */
  | { ok: true; virtualSize: number | null; warning: string | null }
  /** `failures`: the failed safety checks, for the log; empty when the format did not match. */
  | { ok: false; code: "unsupported_media_type"; message: string; failures: FailedCheck[] };

/**
 * Judges inspected data against the declared formats (spec/background-jobs.md §8, spec/images-api.md §3.4, §3.5).
 * Only `bare` images are judged; all others pass with `virtualSize` null.
 */
export function judge({ diskFormat, containerFormat, inspection, options }: JudgeInput): Verdict {
  if (containerFormat !== "bare") return accept(null);
  const mismatch = mismatchOf(diskFormat, inspection);
  if (mismatch !== null) {
    const asRaw = diskFormat === "raw" && inspection.incomplete !== null ? inspection.size : null;
    return options.requireMatch ? refuse(mismatch) : accept(asRaw, mismatch);
  }

  const nonfatal = inspection.format === "gpt" ? options.gptNonfatal ?? [] : [];
  const fatal = inspection.failures.filter((failure) => !nonfatal.includes(failure.check));
  if (fatal.length > 0) return refuse("Image failed safety checks", inspection.failures);

  const [warned] = inspection.failures;
  if (warned) {
    return accept(virtualSizeOf(diskFormat, inspection), `Safety check ${warned.check}: ${warned.reason}`);
  }
  const disguised = diskFormat === "raw" && inspection.format !== "raw";
  return accept(
    virtualSizeOf(diskFormat, inspection),
    disguised ? `Image declared raw holds ${inspection.format}` : null,
  );
}

/** Why the data is not what was declared, in glance's words; null when it is. */
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

/** 0 means not known, and is stored as null. */
function accept(virtualSize: number | null, warning: string | null = null): Verdict {
  return { ok: true, virtualSize: virtualSize || null, warning };
}

function refuse(message: string, failures: FailedCheck[] = []): Verdict {
  return { ok: false, code: "unsupported_media_type", message, failures };
}

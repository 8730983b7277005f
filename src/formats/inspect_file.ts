import { fail } from "../errors.ts";
import { filePeek } from "./file_peek.ts";
import { inspect } from "./inspect.ts";
import type { FailedCheck, Inspection } from "./inspection.ts";
import { judge } from "./verdict.ts";

/** How a file is to be judged. */
export interface InspectFileOptions {
  /** The `disk_format` it would be uploaded with; default: the one that is detected, or `raw` where no image can have that. */
  diskFormat?: string;
  /** `[image_format] disk_formats`; default any. */
  diskFormats?: readonly string[];
  /** `[image_format] require_image_format_match`; default true. */
  requireMatch?: boolean;
  /** `[image_format] gpt_safety_checks_nonfatal`; default none. */
  gptNonfatal?: readonly string[];
}

/** What an upload of the file as a `bare` image would meet; also the shape of `oneglance inspect --json`. */
export interface FileReport {
  file: string;
  format: string;
  variant: string | null;
  matches: string[];
  /** Bytes. */
  size: number;
  /** Bytes; null = not known. */
  virtual_size: number | null;
  failed_checks: FailedCheck[];
  notes: string[];
  disk_format: string;
  accepted: boolean;
  /** The message of the refusal, or of the warning in the log; null = nothing to say. */
  message: string | null;
}

/**
 * Inspects a file, whatever is in it. Throws GlanceError `not_found` or `bad_request` when it cannot be opened or
 * is not a regular file.
 */
export async function inspectFile(path: string): Promise<Inspection> {
  using file = await open(path);
  const { size } = await file.stat();
  return await inspect(filePeek(file), { size });
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    // Opening a pipe would wait for somebody who writes.
    if ((await Deno.stat(path)).isFile) return await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) fail("not_found", `${path} does not exist`);
    const cause = error instanceof Error ? error.message : String(error);
    fail("bad_request", `${path} cannot be opened: ${cause}`, { cause: error });
  }
  return fail("bad_request", `${path} is not a regular file`);
}

/** Inspects a file and judges it as the upload of a `bare` image would. Throws as `inspectFile` does. */
export async function reportFile(path: string, options: InspectFileOptions = {}): Promise<FileReport> {
  const inspection = await inspectFile(path);
  const possible = inspection.bootSector === undefined &&
    (options.diskFormats?.includes(inspection.format) ?? true);
  const diskFormat = options.diskFormat ?? (possible ? inspection.format : "raw");
  const verdict = judge({
    diskFormat,
    containerFormat: "bare",
    inspection,
    options: { requireMatch: options.requireMatch ?? true, gptNonfatal: options.gptNonfatal },
  });
  const reasons = [inspection.incomplete, inspection.crashed].filter((reason) => reason !== null);
  return {
    file: path,
    format: inspection.format,
    variant: inspection.variant,
    matches: inspection.matches,
    size: inspection.size,
    // Of the data itself, unless the question is what an image of a certain format would get.
    virtual_size: verdict.ok && options.diskFormat !== undefined
      ? verdict.virtualSize
      : inspection.virtualSize || null,
    failed_checks: inspection.failures,
    notes: [...reasons, ...inspection.notes],
    disk_format: diskFormat,
    accepted: verdict.ok,
    message: verdict.ok ? verdict.warning : verdict.message,
  };
}

/** The report as `oneglance inspect` prints it, one fact a line. */
export function renderReport(report: FileReport): string {
  const { message } = report;
  return [
    `file: ${report.file}`,
    `format: ${report.format}${report.variant === null ? "" : ` (${report.variant})`}`,
    `size: ${report.size}`,
    `virtual size: ${report.virtual_size ?? "unknown"}`,
    ...report.failed_checks.map(({ check, reason }) => `failed check: ${check} (${reason})`),
    ...report.notes.map((note) => `note: ${note}`),
    `${report.accepted ? "accepted" : "refused"} as ${report.disk_format}${
      message === null ? "" : `: ${message}`
    }`,
  ].join("\n");
}

import { errorText } from "../util/error_text.ts";
import { fail } from "../errors.ts";
import { type FailedCheck, filePeek, type Inspection } from "./inspection.ts";
import { inspect, judge } from "./inspect.ts";

/** How to judge a file. */
interface InspectFileOptions {
  /** The `disk_format` of the upload; default: the detected one, or `raw` if images cannot have that. */
  diskFormat?: string;
  /** `[image_format] disk_formats`; default any. */
  diskFormats?: readonly string[];
  /** `[image_format] require_image_format_match`; default true. */
  requireMatch?: boolean;
  /** `[image_format] gpt_safety_checks_nonfatal`; default none. */
  gptNonfatal?: readonly string[];
}

/** The result of `oneglance inspect --json`: how an upload of the file as a `bare` image would end. */
interface FileReport {
  file: string;
  format: string;
  variant: string | null;
  matches: string[];
  /** Bytes. */
  size: number;
  /** Bytes; null = unknown. */
  virtual_size: number | null;
  failed_checks: FailedCheck[];
  notes: string[];
  disk_format: string;
  accepted: boolean;
  /** The message of the refusal or of the warning; null = none. */
  message: string | null;
}

/**
 * Inspects a file with any content. Errors: not_found; bad_request, if it cannot be opened or is not a regular file.
 */
export async function inspectFile(path: string): Promise<Inspection> {
  using file = await open(path);
  const { size } = await file.stat();
  return await inspect(filePeek(file), { size });
}

async function open(path: string): Promise<Deno.FsFile> {
  try {
    // Opening a pipe would wait for a writer.
    if ((await Deno.stat(path)).isFile) return await Deno.open(path, { read: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) fail("not_found", `${path} does not exist`);
    fail("bad_request", `${path} cannot be opened: ${errorText(error)}`, { cause: error });
  }
  return fail("bad_request", `${path} is not a regular file`);
}

/** Inspects a file and judges it like the upload of a `bare` image. Errors: those of `inspectFile`. */
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
    // That of the data, unless the caller asks about a certain format.
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

/** Returns the report as `oneglance inspect` prints it, one fact per line. */
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

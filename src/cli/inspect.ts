/** `oneglance inspect FILE`: the verdict of an upload, offline (docs/reference/background-jobs.md §8). */
import { loadConfig } from "../config/config.ts";
import { renderReport, reportFile } from "../formats/inspect_file.ts";
import { takeValue, UsageError } from "../util/arguments.ts";
import { type CommandLine, refuseRest } from "./command_line.ts";
import type { Program } from "./program.ts";

/** Resolves to 0 safe, 1 refused. Errors: UsageError, not_found, bad_request, config. */
export async function inspect(program: Program, line: CommandLine): Promise<number> {
  const { sources, overrides } = line;
  const { value: diskFormat, rest } = takeValue(line.rest, "--disk-format");
  const json = rest.includes("--json");
  const files = rest.filter((argument) => argument !== "--json");
  const option = files.find((argument) => argument.startsWith("-"));
  refuseRest("inspect", option === undefined ? [] : [option], ["--json", "--disk-format"]);
  if (files.length !== 1) throw new UsageError("inspect needs one FILE.");
  // Not the default files: the user may lack permission to read the service's configuration.
  const searchPath = sources.length === 0 ? { searchPath: [] } : {};
  const config = loadConfig({ sources, overrides, env: program.env, prog: "glance-api", ...searchPath });
  const diskFormats = config.get("image_format.disk_formats");
  if (diskFormat !== null && !diskFormats.includes(diskFormat)) {
    throw new UsageError(
      `--disk-format must be one of ${diskFormats.join(", ")}: [image_format] disk_formats.`,
    );
  }
  const report = await reportFile(files[0]!, {
    ...(diskFormat === null ? {} : { diskFormat }),
    diskFormats,
    requireMatch: config.get("image_format.require_image_format_match"),
    gptNonfatal: config.get("image_format.gpt_safety_checks_nonfatal"),
  });
  program.out(json ? JSON.stringify(report, null, 2) : renderReport(report));
  return report.accepted ? 0 : 1;
}

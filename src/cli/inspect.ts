/** `oneglance inspect FILE`: the verdict an upload would get, offline (spec/background-jobs.md §8). */
import { renderReport, reportFile } from "../formats/inspect_file.ts";
import { takeValue } from "../util/take_option.ts";
import { UsageError } from "../util/usage_error.ts";
import { helpOf } from "./help.ts";
import type { Program } from "./program.ts";

/** Resolves to 0 safe, 1 refused. Errors: UsageError. */
export async function inspect(program: Program): Promise<number> {
  const { value: diskFormat, rest } = takeValue(program.args, "--disk-format");
  if (rest.includes("-h") || rest.includes("--help")) {
    program.out(helpOf("inspect")!);
    return 0;
  }
  const json = rest.includes("--json");
  const files = rest.filter((argument) => argument !== "--json");
  if (files.length !== 1) throw new UsageError("inspect wants one FILE.");
  if (files[0]!.startsWith("-")) throw new UsageError(`inspect does not know '${files[0]}'.`);
  const report = await reportFile(files[0]!, diskFormat === null ? {} : { diskFormat });
  program.out(json ? JSON.stringify(report, null, 2) : renderReport(report));
  return report.accepted ? 0 : 1;
}

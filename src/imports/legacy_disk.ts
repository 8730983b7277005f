/** What the legacy import makes of the data before it is stored: the disk of an OVA, another format (spec/tasks-api.md §5.1). */
import type { ImageRecord } from "../../db/records.ts";
import { fail } from "../errors.ts";
import { checkPropertyValue } from "../images/attributes.ts";
import type { TaskRun } from "../tasks/start.ts";
import { move } from "./move.ts";
import { extractDisk } from "./ova/extract.ts";
import { convertTo } from "./plugins/convert.ts";

/** The image as it is then, and where its data is staged. Errors: bad_request, forbidden, internal. */
export async function prepareDisk(
  run: TaskRun,
  image: ImageRecord,
  staged: string,
): Promise<{ image: ImageRecord; path: string }> {
  const { ctx, signal, progress } = run;
  const { config } = ctx.deps;
  let current = image;
  const job = {
    ctx,
    path: staged,
    copies: 1,
    signal,
    progress: (text: string) => void (progress.step = text.slice(0, 30)),
  };
  if (image.container_format === "ova") {
    if (!ctx.caller.isAdmin) fail("forbidden", "OVA extract is limited to admin");
    progress.step = "ova";
    const setProperties = await extractDisk({ ...job, image });
    for (const [name, value] of Object.entries(setProperties)) checkPropertyValue(name, value);
    current = await move(run, {
      id: image.id,
      from: ["importing"],
      to: "same",
      columns: { container_format: "bare" },
      setProperties,
    });
  }
  const target = config.get("taskflow_executor.conversion_format");
  if (target === null) return { image: current, path: staged };
  progress.step = "conversion";
  const { path, columns = {} } = await convertTo({ ...job, image: current }, target);
  current = await move(run, { id: image.id, from: ["importing"], to: "same", columns });
  return { image: current, path };
}

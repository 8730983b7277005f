/** Looks at arrived data before it is committed (docs/reference/background-jobs.md §8). */
import type { ImageRecord } from "../../db/records.ts";
import type { Ctx } from "../deps.ts";
import { fail } from "../errors.ts";
import { inspect } from "../formats/inspect.ts";
import { judge } from "../formats/verdict.ts";
import { getLog } from "../observe/log.ts";
import type { WriteHandle } from "../stores/store.ts";

const log = getLog("oneglance.images.formats");

/**
 * The virtual size of the data in bytes, or null where it is not known.
 * Errors: unsupported_media_type when it is not what the image declares, or unsafe.
 */
export async function judgeData(
  ctx: Ctx,
  image: ImageRecord,
  handle: Pick<WriteHandle, "peek">,
  size: number,
): Promise<number | null> {
  if (image.container_format !== "bare") return null;
  const { config } = ctx.deps;
  const inspection = await inspect((offset, length) => handle.peek(offset, length), { size });
  const verdict = judge({
    diskFormat: image.disk_format ?? "",
    containerFormat: image.container_format,
    inspection,
    options: {
      requireMatch: config.get("image_format.require_image_format_match"),
      gptNonfatal: config.get("image_format.gpt_safety_checks_nonfatal"),
    },
  });
  if (!verdict.ok) {
    for (const failure of verdict.failures) {
      log.warn(`image ${image.id}: ${failure.check}: ${failure.reason}`);
    }
    fail(verdict.code, verdict.message, { form: "detail" });
  }
  if (verdict.warning !== null) log.warn(`image ${image.id}: ${verdict.warning}`);
  return verdict.virtualSize;
}

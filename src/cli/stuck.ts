/** `oneglance stuck`: images that a dead glance-api has left in the middle of a transfer (docs/stuck-images.md). */
import type { StrandedImage } from "../../db/records.ts";
import { compose } from "../compose.ts";
import { parseShared } from "../config/cli_options.ts";
import type { Deps } from "../deps.ts";
import { listStranded, putBackStranded, STRANDED_AFTER } from "../imports/stranded.ts";
import { takeFlags } from "../util/take_flags.ts";
import { takeValue } from "../util/take_option.ts";
import { UsageError } from "../util/usage_error.ts";
import { loadFor } from "./configuration.ts";
import { helpOf } from "./help.ts";
import type { Program } from "./program.ts";

/** Resolves to 0 nothing is stuck (any more), 1 some images are. Errors: UsageError, config, database. */
export async function stuck(program: Program): Promise<number> {
  const shared = parseShared(program.args);
  if (shared.help) {
    program.out(helpOf("stuck")!);
    return 0;
  }
  const { value: age, rest } = takeValue(shared.rest, "--age");
  const { flags, rest: ids } = takeFlags(rest, ["--put-back", "--json"] as const);
  const hours = age === null ? STRANDED_AFTER : Number(age);
  if (!Number.isFinite(hours) || hours < 0 || age === "") throw new UsageError("--age wants hours.");
  const wrong = ids.find((each) => each.startsWith("-"));
  if (wrong !== undefined) throw new UsageError(`stuck does not know '${wrong}'.`);
  const config = loadFor(program, shared, "glance-api");
  const { deps, close } = await compose(config, { workers: program.workers, sync: "require" });
  try {
    const found = await listStranded(deps, hours);
    for (const id of ids) {
      if (!found.some((image) => image.id === id)) program.err(`${id} is not stuck.`);
    }
    const chosen = ids.length === 0 ? found : found.filter(({ id }) => ids.includes(id));
    if (flags.has("--put-back")) return await putBack(program, deps, chosen, hours);
    program.out(flags.has("--json") ? JSON.stringify(chosen, null, 2) : table(chosen));
    return chosen.length === 0 ? 0 : 1;
  } finally {
    await close();
  }
}

async function putBack(
  program: Program,
  deps: Deps,
  images: StrandedImage[],
  hours: number,
): Promise<number> {
  let left = 0;
  for (const image of images) {
    const done = await putBackStranded(deps, image, hours);
    const now = await deps.db.read.image({ id: image.id, viewer: { isAdmin: true, projectId: null } });
    if (!done || now?.status !== "queued") left++;
    program.out(`${image.id} ${image.status} -> ${now?.status ?? "deleted"}`);
  }
  return left === 0 ? 0 : 1;
}

function table(images: readonly StrandedImage[]): string {
  if (images.length === 0) return "No image is stuck.";
  return images.map(({ id, status, since, owner, name }) =>
    `${id}  ${status.padEnd(9)}  since ${since.slice(0, 19)}  project ${owner ?? "-"}  ${name ?? ""}`
      .trimEnd()
  ).join("\n");
}

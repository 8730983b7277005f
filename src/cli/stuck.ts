/** `oneglance stuck`: images and tasks that a dead glance-api left unfinished (docs/stuck-images.md). */
import type { StrandedImage, StrandedTask } from "../../db/records.ts";
import { compose } from "../compose.ts";
import type { Deps } from "../deps.ts";
import {
  endStrandedTask,
  listStranded,
  putBackStranded,
  STRANDED_AFTER,
  strandedLock,
  strandedReason,
} from "../imports/stranded.ts";
import { takeFlags, takeValue, UsageError } from "../util/arguments.ts";
import { type CommandLine, refuseRest } from "./command_line.ts";
import { loadFor } from "./configuration.ts";
import type { Program } from "./program.ts";
import { imageIfAny } from "../images/find.ts";

/** Resolves to 0 when nothing is stuck, 1 when something is. Errors: UsageError, config, database. */
export async function stuck(program: Program, line: CommandLine): Promise<number> {
  const { value: age, rest } = takeValue(line.rest, "--age");
  const { flags, rest: ids } = takeFlags(rest, ["--put-back", "--json"] as const);
  const hours = age === null ? STRANDED_AFTER : Number(age);
  if (!Number.isFinite(hours) || hours < 0 || age === "") {
    throw new UsageError("--age needs a number of hours.");
  }
  const wrong = ids.find((each) => each.startsWith("-"));
  refuseRest("stuck", wrong === undefined ? [] : [wrong], ["--age", "--put-back", "--json"]);
  const config = loadFor(program, line, "glance-api");
  const { deps, close } = await compose(config, { workers: program.workers, sync: "require" });
  try {
    const { images, tasks } = await listStranded(deps, hours);
    const known = [...images, ...tasks].map(({ id }) => id);
    for (const id of ids) if (!known.includes(id)) program.err(`${id} is not stuck.`);
    const chosen = <T extends { id: string }>(found: T[]) =>
      ids.length === 0 ? found : found.filter(({ id }) => ids.includes(id));
    const stuck = { images: chosen(images), tasks: chosen(tasks) };
    if (flags.has("--put-back")) return await putBack(program, deps, stuck, hours);
    program.out(flags.has("--json") ? JSON.stringify(documentOf(stuck), null, 2) : table(stuck));
    return stuck.images.length + stuck.tasks.length === 0 ? 0 : 1;
  } finally {
    await close();
  }
}

interface Stuck {
  images: StrandedImage[];
  tasks: StrandedTask[];
}

async function putBack(
  program: Program,
  deps: Deps,
  { images, tasks }: Stuck,
  hours: number,
): Promise<number> {
  let left = 0;
  for (const image of images) {
    const done = await putBackStranded(deps, image, hours);
    const now = await imageIfAny(deps, image.id);
    if (!done || image.broken && now?.status !== "queued") left++;
    const [before, after] = image.broken ? [image.status, now?.status ?? "deleted"] : ["locked", "free"];
    program.out(`${image.id} ${before} -> ${done ? after : before}`);
  }
  for (const task of tasks) {
    if (await endStrandedTask(deps, task)) program.out(`${task.id} ${task.status} -> failure`);
  }
  return left === 0 ? 0 : 1;
}

function documentOf({ images, tasks }: Stuck) {
  return [
    ...images.map((image) => ({
      kind: "image",
      ...image,
      reason: strandedReason(image),
      lock_until: lockTime(image),
    })),
    ...tasks.map((task) => ({ kind: "task", ...task })),
  ];
}

function table({ images, tasks }: Stuck): string {
  if (images.length + tasks.length === 0) return "No image is stuck.";
  const lines = images.map((image) =>
    [
      `${image.id}  ${image.status.padEnd(9)}  since ${image.since.slice(0, 19)}  project ${
        image.owner ?? "-"
      }`,
      strandedReason(image),
      ...lockOf(image),
      image.name ?? "",
    ].join("  ").trimEnd()
  );
  const others = tasks.map(({ id, type, status, owner, since }) =>
    `${id}  ${status.padEnd(10)}  since ${
      since.slice(0, 19)
    }  project ${owner}  task ${type} without a process`
  );
  return [...lines, ...others].join("\n");
}

function lockTime(image: StrandedImage): string | null {
  const until = strandedLock(image);
  return until ? new Date(until).toISOString() : null;
}

/** The remaining time of an image's lock. */
function lockOf(image: StrandedImage): string[] {
  const until = strandedLock(image);
  if (until === null) return [];
  const minutes = Math.ceil((until - Date.now()) / 60_000);
  return [minutes > 0 ? `(locked for ${minutes} more minutes)` : "(its lock has expired)"];
}

/** What an operator sees of a running import: `Copied N MiB`, at most once a minute (spec/tasks-api.md §5.3). */
import { lostReason } from "../tasks/background.ts";
import type { TaskRun } from "../tasks/start.ts";

/** In ms; the message is also the sign of life of the import lock. */
const EVERY = 60_000;
const MIB = 2 ** 20;

/** Tells from time to time how much has been copied, until the returned function is called. */
export function startProgress(run: TaskRun, total: number | null): () => void {
  Object.assign(run.progress, { step: "copying", bytes: 0, total });
  const timer = setInterval(() => tellCopied(run, run.progress.bytes).catch(() => {}), EVERY);
  return () => clearInterval(timer);
}

/** Saves the message. Errors: conflict when the task is not this run's any more. */
export async function tellCopied({ ctx, task }: TaskRun, bytes: number): Promise<void> {
  const held = await ctx.deps.db.write.tasks.change({
    id: task.id,
    from: ["processing"],
    status: "processing",
    message: `Copied ${Math.floor(bytes / MIB)} MiB`,
  });
  if (!held) throw lostReason();
}

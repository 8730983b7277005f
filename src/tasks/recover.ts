/** Takes over the tasks of processes that died (docs/adr/0004). */
import type { TaskLease } from "../../db/task_records.ts";
import type { Ctx, Deps } from "../deps.ts";
import { type Recovered, recoverOrphans } from "../leases/orphans.ts";
import { getLog } from "../observe/log.ts";
import { pastOf, taskEnd, workOn } from "./runner.ts";
import { loadCaller } from "./start.ts";

const log = getLog("oneglance.tasks.recover");

/** Takes over every orphaned task; the work continues in the background. Errors: database. */
export async function recoverTasks(deps: Deps, stop = new AbortController().signal): Promise<Recovered> {
  const recover = (lease: TaskLease) => recoverTask(deps, lease);
  return await recoverOrphans(await deps.db.read.tasks.leases({}), { own: deps.leases, recover, stop });
}

/** False when it could not be taken over. Never throws. */
async function recoverTask(deps: Deps, lease: TaskLease): Promise<boolean> {
  const { run, lease: by } = deps.background.enter(lease.image_id);
  try {
    // From here on the old run, should it wake up, can change nothing. A task that was left on purpose has no owner.
    const counts = lease.owner !== "";
    const taken = await deps.db.write.tasks.take({ token: lease.token, by, counts });
    const task = taken ? await deps.db.read.tasks.show({ id: lease.task_id, deleted: true }) : null;
    if (task && !["success", "failure"].includes(task.status)) {
      const ctx: Ctx = { deps, caller: loadCaller(lease.caller), requestId: task.request_id ?? "" };
      // The old run may have changed the image after the lease was read, not after it was taken.
      const past = await pastOf(deps, task, lease.attempts + (counts ? 1 : 0));
      workOn({ ...run, ctx, task, past });
      return true;
    }
    // Its end was written, but not the end of its lease.
    if (task) await deps.db.write.tasks.end({ token: run.token, end: taskEnd(deps, "failure") });
    deps.background.release(run);
    return true;
  } catch (error) {
    deps.background.release(run);
    log.error(`task ${lease.task_id} was interrupted and cannot be taken over yet`, { error });
    return false;
  }
}

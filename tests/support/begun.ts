/** Import tasks that another process has begun, as rows of the database. */
import type { NewTaskLease } from "../../db/task_records.ts";
import { processName } from "../../src/util/process_name.ts";
import type { TestService } from "./service.ts";

/** Lifetimes of leases, in seconds: of one that has run out, and of one that will not. */
export const PAST = -1_000_000;
export const FUTURE = 1_000_000_000;

/** Returns the name of this process with another value in one of its parts. */
export function other(part: number, value: string): string {
  const parts = processName().split("-");
  parts[part] = value;
  return parts.join("-");
}

/** The name of a process of an earlier boot of this machine. */
export const DEAD = other(1, "00000000");

/** Creates a task that locks the image; returns the task's id. Its process is dead, unless `lease` names another owner. */
export async function begun(
  service: TestService,
  id: string,
  request: unknown,
  { backend = [null] as (string | null)[], ...lease }: Partial<NewTaskLease> & {
    backend?: (string | null)[];
  } = {},
): Promise<string> {
  const task = crypto.randomUUID();
  await service.deps.db.write.tasks.start({
    lock: true,
    lease: {
      image_id: id,
      token: `token of ${task}`.slice(0, 36),
      owner: DEAD,
      seconds: FUTURE,
      caller: JSON.stringify({ projectId: "p1", roles: ["member"] }),
      ...lease,
    },
    task: {
      id: task,
      type: "api_image_import",
      owner: "p1",
      image_id: id,
      request_id: "req-1",
      user_id: "user",
      input: { image_id: id, import_req: request, backend } as Record<string, unknown>,
    },
  });
  return task;
}

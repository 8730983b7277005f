/** Import tasks that another process has begun, as rows of the database. */
import type { TaskLease } from "../../db/task_records.ts";
import { processName } from "../../src/util/process_name.ts";
import type { TestService } from "./service.ts";

export const PAST = "2001-01-01 00:00:00.000000";
export const FUTURE = "2999-01-01 00:00:00.000000";

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
  { backend = [null] as (string | null)[], ...lease }: Partial<TaskLease> & { backend?: (string | null)[] } =
    {},
): Promise<string> {
  const task = crypto.randomUUID();
  await service.deps.db.write.tasks.start({
    lock: true,
    lease: {
      image_id: id,
      token: `token of ${task}`.slice(0, 36),
      owner: DEAD,
      expires_at: FUTURE,
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

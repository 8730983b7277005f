/** The leases of this process: one timer, one write for all, and whose work a stop, a deletion or a loss ends. */
import assert from "node:assert/strict";
import type { LeaseRenewal } from "../../db/records.ts";
import { HeldLeases, TRANSFERS } from "../../src/leases/held.ts";
import { recordLog } from "../support/logged.ts";

const LOST = new Error("lost");

/** Leases whose renewals are kept; `held`: the tokens that the database still knows, default all. */
function leases(renew: (input: LeaseRenewal) => Promise<string[]> = everything) {
  const writes: LeaseRenewal[] = [];
  const held = new HeldLeases({
    renew: (input) => {
      writes.push(structuredClone(input));
      return renew(input);
    },
    taskSeconds: 120,
    lost: () => LOST,
  });
  return { held, writes };
}

const everything = ({ transfers, tasks }: LeaseRenewal) =>
  Promise.resolve([...transfers, ...tasks.map(({ token }) => token)]);

/** Runs `action` with a clock so many ms ahead. */
async function later<T>(ms: number, action: () => Promise<T>): Promise<T> {
  const { now } = Date;
  const ahead = now() + ms;
  Date.now = () => ahead;
  try {
    return await action();
  } finally {
    Date.now = now;
  }
}

Deno.test("tasks are renewed each time, with their progress and rate; transfers every 30 s, all by one write", async () => {
  const { held, writes } = leases();
  const upload = held.enter("upload", "i", "store");
  const deletion = held.enter("deletion", "j");
  await held.renew();
  assert.equal(writes.length, 0, "nothing is due");
  const task = held.enter("task", "i");
  task.report({ step: "copying", total: 100 });
  await held.renew();
  assert.deepEqual(writes[0]!.transfers, []);
  assert.deepEqual(writes[0]!.tasks, [{
    token: task.token,
    step: "copying",
    bytes: 0,
    total: 100,
    rate: null,
  }]);
  task.report({ bytes: 4096 });
  await later(31_000, () => held.renew());
  assert.deepEqual(writes[1]!.transfers, [upload.token, deletion.token]);
  const [{ bytes, rate }] = writes[1]!.tasks as [LeaseRenewal["tasks"][number]];
  assert.equal(bytes, 4096);
  assert.ok(rate! > 100 && rate! < 140, String(rate));
  assert.equal(writes[1]!.transferSeconds, 120);
  for (const each of [upload, deletion, task]) each.end();
  await later(99_000, () => held.renew());
  assert.equal(writes.length, 2, "what has ended is not renewed");
});

Deno.test("a renewal that fails is logged, and done again at the next look", async () => {
  const { held, writes } = leases(() => Promise.reject(new Error("away")));
  const upload = held.enter("upload", "i");
  using log = recordLog();
  await later(31_000, () => held.renew());
  await later(36_000, () => held.renew());
  assert.deepEqual(writes.map(({ transfers }) => transfers.length), [1, 1]);
  assert.match(log.lines()[0]!, /^WARNING .*could not be renewed/);
  assert.equal(upload.signal.aborted, false);
  upload.end();
});

Deno.test("a task that another process has is aborted, unless it has only just been entered", async () => {
  const { held } = leases(() => Promise.resolve([]));
  const [fresh, running] = [held.enter("task", null), held.enter("task", "i")];
  const upload = held.enter("upload", "i");
  running.report({ step: "staging" });
  await later(31_000, () => held.renew());
  assert.equal(running.signal.reason, LOST);
  assert.deepEqual([fresh.signal.aborted, upload.signal.aborted], [false, false]);
  for (const each of [fresh, running, upload]) each.end();
});

Deno.test("abort and settled: by kind, and by image", async () => {
  const { held } = leases();
  const upload = held.enter("upload", "i");
  const deletion = held.enter("deletion", "i");
  const [task, other] = [held.enter("task", "i"), held.enter("task", "j")];
  const aborted = () => [upload, deletion, task, other].map(({ signal }) => signal.aborted);
  held.abort(["task"], new Error("deleted"), "i");
  assert.deepEqual(aborted(), [false, false, true, false]);
  held.abort(TRANSFERS, new Error("stop"));
  assert.deepEqual(aborted(), [true, true, true, false]);
  const order: string[] = [];
  const settled = held.settled(TRANSFERS).then(() => order.push("settled"));
  upload.end();
  await Promise.resolve();
  order.push("upload ended");
  deletion.end();
  await settled;
  assert.deepEqual(order, ["upload ended", "settled"]);
  await held.settled(TRANSFERS);
  assert.deepEqual([held.has(task.token), held.has(upload.token), held.size], [true, false, 2]);
  task.end();
  other.end();
});

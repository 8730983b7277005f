import assert from "node:assert/strict";
import { Gather } from "../../db/engines/gather.ts";

/** A group that took `commitMillis`, and `workMillis` before it. */
const group = (answered: number, commitMillis: number, workMillis = 0) => ({
  answers: Array.from({ length: answered }, (_, id) => ({ id, value: null })),
  commitMillis,
  workMillis,
  emitted: false,
});

Deno.test("a caller by itself never waits for others", () => {
  const gather = new Gather();
  assert.equal(gather.wait(1), 0);
  gather.committed(group(1, 50), 0);
  assert.equal(gather.wait(1), 0);
});

Deno.test("after a slow commit the first waits until all that shared it are back, for up to its time", () => {
  const gather = new Gather();
  gather.committed(group(3, 10), 1);
  assert.deepEqual([1, 2, 3, 4, 5].map((queued) => gather.wait(queued)), [10, 10, 10, 0, 0]);
});

Deno.test("where commits are quick nobody waits", () => {
  const gather = new Gather();
  gather.committed(group(16, 1.5), 0);
  assert.equal(gather.wait(1), 0);
});

Deno.test("those who do not come back are waited for once", () => {
  const gather = new Gather();
  gather.committed(group(16, 10), 0);
  assert.equal(gather.wait(1), 10);
  gather.over();
  assert.equal(gather.wait(1), 0);
});

Deno.test("where a commit takes less than the writes before it, half of the callers go at a time", () => {
  const gather = new Gather();
  assert.equal(gather.share(), Infinity);
  gather.committed(group(12, 3, 5), 4);
  assert.deepEqual([gather.share(), gather.wait(1)], [8, 0]);
  gather.committed(group(1, 3, 5), 0);
  assert.equal(gather.share(), 1);
  gather.committed(group(16, 5, 3), 0);
  assert.deepEqual([gather.share(), gather.wait(1)], [Infinity, 5]);
});

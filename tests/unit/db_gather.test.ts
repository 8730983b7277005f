import assert from "node:assert/strict";
import { Gather } from "../../db/engines/gather.ts";

Deno.test("a caller by itself never waits for others", () => {
  const gather = new Gather();
  assert.equal(gather.wait(1), 0);
  gather.committed(1, 0, 50);
  assert.equal(gather.wait(1), 0);
});

Deno.test("after a slow commit the first waits until all that shared it are back, for up to its time", () => {
  const gather = new Gather();
  gather.committed(3, 1, 10);
  assert.deepEqual([1, 2, 3, 4, 5].map((queued) => gather.wait(queued)), [10, 10, 10, 0, 0]);
});

Deno.test("where commits are quick nobody waits", () => {
  const gather = new Gather();
  gather.committed(16, 0, 1.5);
  assert.equal(gather.wait(1), 0);
});

Deno.test("those who do not come back are waited for once", () => {
  const gather = new Gather();
  gather.committed(16, 0, 10);
  assert.equal(gather.wait(1), 10);
  gather.over();
  assert.equal(gather.wait(1), 0);
});

import assert from "node:assert/strict";
import { counted } from "../../src/notify/sent.ts";

const bytes = (count: number) => new Uint8Array(count);

Deno.test("what was taken of a body, and whether that was its end", async (t) => {
  await t.step("all of it", async () => {
    const { body, taken } = counted(new Blob([bytes(100_000)]).stream());
    assert.equal((await new Response(body).bytes()).length, 100_000);
    assert.deepEqual(taken, { bytes: 100_000, ended: true });
  });
  await t.step("it breaks off", async () => {
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes(10)),
      pull: (controller) => controller.error(new Error("gone")),
    }, { highWaterMark: 0 });
    const { body, taken } = counted(source);
    await assert.rejects(new Response(body).bytes(), /gone/);
    assert.deepEqual(taken, { bytes: 10, ended: true });
  });
  await t.step("the taker leaves between two reads", async () => {
    const { body, taken } = counted(
      new ReadableStream({ pull: (controller) => controller.enqueue(bytes(10)) }),
    );
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    assert.deepEqual(taken, { bytes: 10, ended: false });
  });
  await t.step("the taker leaves while it waits for more", async () => {
    let cause: unknown;
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes(10)),
      cancel: (reason) => void (cause = reason),
    });
    const { body, taken } = counted(source);
    const reader = body.getReader();
    await reader.read();
    const waiting = reader.read();
    await reader.cancel("left");
    assert.equal((await waiting).done, true);
    // The pull that was under way has come back by now.
    await new Promise((resolve) => setTimeout(resolve));
    assert.deepEqual([cause, taken], ["left", { bytes: 10, ended: false }]);
  });
});

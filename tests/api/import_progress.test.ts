/** A store that cannot say how much it has written: the run fails with that reason, and nothing else does. */
import assert from "node:assert/strict";
import { GlanceError } from "../../src/errors.ts";
import { FORMATS, importNow, nothingInProgress, serveSite } from "../support/imports.ts";
import { OWNER, startService } from "../support/service.ts";

const reasons: [name: string, error: Error, message: string][] = [
  [
    "of the closed list",
    new GlanceError("store_remote_unavailable"),
    `Task failed due to Internal Error: ${new GlanceError("store_remote_unavailable").message}`,
  ],
  ["any other", new Error("a secret of the machine"), "Task failed due to Internal Error"],
];

for (const [name, error, message] of reasons) {
  Deno.test(`written() rejects while data comes, ${name}`, () => fails(error, message));
}

Deno.test("written() rejects while the database is asked for the quota", () => {
  const [, error, message] = reasons[0]!;
  return fails(error, message, 600);
});

/** An import whose store does not say how much it has; the database takes `slow` ms to say what is used. */
async function fails(error: Error, message: string, slow = 0): Promise<void> {
  let left = false;
  const endless = () =>
    new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        controller.enqueue(new Uint8Array(100));
      },
      cancel: () => void (left = true),
    });
  await using site = serveSite(() => new Response(endless()));
  await using service = await startService({
    "import_filtering_opts.allowed_ports": "[]",
    "DEFAULT.user_storage_quota": "1GB",
  });
  const { read } = service.deps.db;
  const used = read.usage.one.bind(read);
  read.usage.one = async (input) => {
    await new Promise((resolve) => setTimeout(resolve, slow));
    return await used(input);
  };
  const { staging } = service.deps.stores;
  const open = staging.open.bind(staging);
  staging.open = async (id, options) => {
    const handle = await open(id, options);
    return Object.assign(handle, { written: () => Promise.reject(error) });
  };
  const { id } = await service.create(OWNER, FORMATS);
  const { image, task } = await importNow(service, id, { method: { name: "web-download", uri: site.url } });
  assert.deepEqual([image.status, task.status, task.message], ["queued", "failure", message]);
  assert.ok(left, "the source is let go");
  await nothingInProgress(service);
}

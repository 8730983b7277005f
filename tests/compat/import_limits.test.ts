/**
 * Unified limits of a real Keystone inside import tasks (docs/reference/images-api.md §3.9, docs/reference/tasks-api.md §5.3): an
 * import over its limit fails with the limit's own text, and leaves image, staging area, lock and usage as before.
 */
import assert from "node:assert/strict";
import { finished, type Shown } from "./support/imports.ts";
import { startKeystone, tokenOf } from "./support/keystone.ts";
import { makeLimits } from "./support/limits.ts";
import { startOneglance } from "./support/oneglance.ts";
import { command } from "./support/processes.ts";

const MIB = 2 ** 20;

const there = Deno.env.has("ONEGLANCE_KEYSTONE_WORK") ||
  (await command("sh", ["-c", "command -v keystone-manage uwsgi"])).code === 0;
if (!there) console.log("skipped: tests/compat/import_limits.test.ts, because there is no Keystone");

/** The requests of one caller to a server. */
function client(url: string, token: string) {
  const ask = async (method: string, path: string, body?: BodyInit, type = "application/json") => {
    const headers = { "x-auth-token": token, ...(body === undefined ? {} : { "content-type": type }) };
    const answer = await fetch(`${url}${path}`, { method, headers, body });
    return { status: answer.status, text: await answer.text() };
  };
  const json = async (path: string) => JSON.parse((await ask("GET", path)).text);
  /** Data with a declared size, or without. */
  const data = (mib: number, declared: boolean) => {
    const bytes = new Uint8Array(mib * MIB);
    return declared ? bytes : new Blob([bytes]).stream();
  };
  const put = (what: "file" | "stage") => (id: string, mib: number, declared = false) =>
    ask("PUT", `/v2/images/${id}/${what}`, data(mib, declared), "application/octet-stream");
  return {
    create: async (): Promise<string> =>
      JSON.parse(
        (await ask("POST", "/v2/images", JSON.stringify({ disk_format: "raw", container_format: "bare" })))
          .text,
      ).id,
    upload: put("file"),
    stage: put("stage"),
    /** Returns the response of the request; the task goes on. */
    post: (id: string, method: Shown, more: Shown = {}) =>
      ask("POST", `/v2/images/${id}/import`, JSON.stringify({ method, ...more })),
    /** Waits for the end of the newest task; returns it with the image. */
    ended: async (id: string): Promise<{ image: Shown; task: Shown }> => ({
      image: await finished(url, token, id),
      task: (await json(`/v2/images/${id}/tasks`)).tasks.at(-1),
    }),
    show: (id: string): Promise<Shown> => json(`/v2/images/${id}`),
    remove: async (id: string) => assert.equal((await ask("DELETE", `/v2/images/${id}`)).status, 204),
    usage: async (): Promise<Record<string, number>> => {
      const { usage } = await json("/v2/info/usage");
      return Object.fromEntries(Object.entries<Shown>(usage).map(([name, { usage }]) => [name, usage]));
    },
  };
}

Deno.test({ name: "unified limits of a real Keystone in imports", ignore: !there }, async (t) => {
  const keystone = await startKeystone();
  const limits = await makeLimits(keystone);
  const site = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(new Uint8Array(MIB)),
  );
  try {
    await limits.register("image_size_total", 4);
    await limits.register("image_stage_total", 4);
    await limits.register("image_count_uploading", 2);
    await limits.register("image_count_total", -1);
    const server = await startOneglance({
      keystone,
      stores: "multi",
      set: {
        DEFAULT: {
          enabled_backends: "first:file,second:file",
          enabled_import_methods: "[glance-direct,web-download,copy-image]",
          use_keystone_limits: "true",
        },
        oslo_limit: {
          auth_url: keystone.url,
          auth_type: "password",
          username: "glance",
          password: keystone.password,
          user_domain_id: "default",
          system_scope: "all",
          endpoint_id: limits.endpointId,
        },
        import_filtering_opts: { allowed_ports: "[]" },
        oneglance: { outbound_allowed_networks: "127.0.0.0/8" },
      },
    });
    try {
      const demo = client(server.url, await tokenOf(keystone, "demo"));
      const admin = client(server.url, await tokenOf(keystone, "demoadmin"));
      const web = { name: "web-download", uri: `http://127.0.0.1:${(site.addr as Deno.NetAddr).port}/disk` };
      const staged = (id: string) =>
        [...Deno.readDirSync(`${server.folder}/staging`)].filter(({ name }) => name.includes(id)).length;
      const over = (resource: string, limit: number, usage: number, delta: number) =>
        `Project ${keystone.ids.projects.demo} is over a limit for [Resource ${resource} is over limit of ${limit} ` +
        `due to current usage ${usage} and delta ${delta}]`;
      /** Checks that a limit failed the task, that the image is as before, and that nothing is staged. */
      const assertOver = async (id: string, message: string, status = "queued") => {
        const { image, task } = await demo.ended(id);
        assert.deepEqual([task.status, task.message, task.result], ["failure", message, null]);
        assert.deepEqual([image.status, image.os_glance_importing_to_stores], [status, ""]);
        assert.deepEqual([staged(id), image.os_glance_failed_import], [0, ""]);
        return image;
      };
      const assertIdle = async () => {
        const { image_stage_total, image_count_uploading } = await demo.usage();
        assert.deepEqual({ image_stage_total, image_count_uploading }, {
          image_stage_total: 0,
          image_count_uploading: 0,
        });
      };

      await t.step("image_stage_total: a stage whose declared size is over", async () => {
        const id = await demo.create();
        const { status, text } = await demo.stage(id, 5, true);
        assert.equal(status, 413);
        assert.ok(text.includes(over("image_stage_total", 4, 0, 5)), text);
        assert.deepEqual([(await demo.show(id)).status, staged(id)], ["queued", 0]);
        await demo.remove(id);
      });

      const large = await demo.create();
      await t.step("image_stage_total: what was not declared passes, the next stage is refused", async () => {
        assert.equal((await demo.stage(large, 5)).status, 204);
        const id = await demo.create();
        const { status, text } = await demo.stage(id, 0);
        assert.equal(status, 413);
        assert.ok(text.includes(over("image_stage_total", 4, 5, 0)), text);
        await demo.remove(id);
      });
      await t.step("image_stage_total: a web-download beside what is staged", async () => {
        const id = await demo.create();
        assert.equal((await demo.post(id, web)).status, 202);
        const image = await assertOver(id, over("image_stage_total", 4, 5, 0));
        assert.equal(image.size, null);
        assert.equal(staged(large), 1);
        await demo.remove(id);
      });
      await t.step("image_size_total: a glance-direct import of more than is left", async () => {
        assert.equal((await demo.post(large, { name: "glance-direct" })).status, 202);
        await assertOver(large, over("image_size_total", 4, 0, 5));
        await assertIdle();
        // The lock is free and the image is as new: smaller data succeeds.
        assert.equal((await demo.stage(large, 3)).status, 204);
        assert.equal((await demo.post(large, { name: "glance-direct" }, { stores: ["first"] })).status, 202);
        const { image, task } = await demo.ended(large);
        assert.deepEqual([image.status, image.size, task.status], ["active", 3 * MIB, "success"]);
      });
      await t.step("image_stage_total: a copy of 3 MiB, which counts while it is copied", async () => {
        const copy = await admin.post(large, { name: "copy-image" }, { stores: ["second"] });
        assert.equal(copy.status, 202, copy.text);
        const image = await assertOver(large, over("image_stage_total", 4, 3, 3), "active");
        assert.deepEqual([image.stores, image.size], ["first", 3 * MIB]);
        await assertIdle();
        await demo.remove(large);
      });
      await t.step("image_stage_total: a copy that is within", async () => {
        const id = await demo.create();
        assert.equal((await demo.upload(id, 2)).status, 204);
        assert.equal((await admin.post(id, { name: "copy-image" }, { stores: ["second"] })).status, 202);
        const { image, task } = await demo.ended(id);
        assert.deepEqual([image.stores, task.status], ["first,second", "success"], task.message);
        assert.equal((await demo.usage()).image_size_total, 4);
        await demo.remove(id);
      });

      await t.step("image_count_uploading: the import that is one too many", async () => {
        const waiting = [await demo.create(), await demo.create()];
        for (const id of waiting) assert.equal((await demo.stage(id, 1)).status, 204);
        const id = await demo.create();
        assert.equal((await demo.post(id, web)).status, 202);
        await assertOver(id, over("image_count_uploading", 2, 3, 0));
        await demo.remove(waiting[0]!);
        assert.equal((await demo.post(id, web)).status, 202);
        const { image } = await demo.ended(id);
        assert.deepEqual([image.status, image.size], ["active", MIB]);
        for (const made of [id, waiting[1]!]) await demo.remove(made);
      });
      await t.step("image_count_uploading: a stage that is one too many", async () => {
        const waiting = [await demo.create(), await demo.create()];
        for (const id of waiting) assert.equal((await demo.stage(id, 1)).status, 204);
        const id = await demo.create();
        const { status, text } = await demo.stage(id, 1);
        assert.equal(status, 413);
        assert.ok(text.includes(over("image_count_uploading", 2, 3, 0)), text);
        assert.deepEqual([(await demo.show(id)).status, staged(id)], ["queued", 0]);
        for (const made of [...waiting, id]) await demo.remove(made);
      });

      await t.step("image_size_total: a project that is over may not begin", async () => {
        const full = await demo.create();
        assert.equal((await demo.upload(full, 5)).status, 204);
        const id = await demo.create();
        const { status, text } = await demo.post(id, web);
        assert.equal(status, 413);
        assert.ok(text.includes(over("image_size_total", 4, 5, 0)), text);
        const image = await demo.show(id);
        assert.deepEqual([image.status, image.os_glance_import_task], ["queued", undefined]);
        for (const made of [full, id]) await demo.remove(made);
      });
      await assertIdle();
      assert.deepEqual([...Deno.readDirSync(`${server.folder}/staging`)], []);
    } finally {
      const end = await server.stop();
      assert.equal(end.code, 0, end.log);
    }
  } finally {
    await limits.remove();
    await site.shutdown();
    await keystone.stop();
  }
});

/** Unified limits of a real Keystone (docs/reference/images-api.md §3.9); starts it as clients.test.ts does. */
import assert from "node:assert/strict";
import { startKeystone, tokenOf, type UserName } from "./support/keystone.ts";
import { makeLimits } from "./support/limits.ts";
import { startOneglance } from "./support/oneglance.ts";
import { command } from "./support/processes.ts";

const MIB = 2 ** 20;
const FORMATS = { disk_format: "raw", container_format: "bare" };

const there = Deno.env.has("ONEGLANCE_KEYSTONE_WORK") ||
  (await command("sh", ["-c", "command -v keystone-manage uwsgi"])).code === 0;
if (!there) console.log("skipped: tests/compat/limits.test.ts, because there is no Keystone");

/** The requests of one user to a server. */
function client(url: string, token: string) {
  const ask = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { "x-auth-token": token, ...init.headers } });
  const read = async (answer: Response) => ({ status: answer.status, text: await answer.text() });
  return {
    create: async () =>
      await read(
        await ask("/v2/images", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(FORMATS),
        }),
      ),
    upload: async (id: string, size: number) =>
      await read(
        await ask(`/v2/images/${id}/file`, {
          method: "PUT",
          headers: { "content-type": "application/octet-stream" },
          body: new Uint8Array(size),
        }),
      ),
    show: async (id: string) => await (await ask(`/v2/images/${id}`)).json(),
    remove: async (id: string) => (await read(await ask(`/v2/images/${id}`, { method: "DELETE" }))).status,
    usage: async () => (await (await ask("/v2/info/usage")).json()).usage,
  };
}

Deno.test({ name: "unified limits of a real Keystone", ignore: !there }, async (t) => {
  const keystone = await startKeystone();
  try {
    const limits = await makeLimits(keystone);
    await limits.register("image_size_total", 3);
    await limits.register("image_count_total", 50);
    await limits.register("image_count_uploading", 20);
    await limits.register("image_stage_total", 7);
    await limits.give("alt", "image_size_total", 1);
    await limits.give("alt", "image_count_total", -1);
    const login = {
      auth_url: keystone.url,
      auth_type: "password",
      username: "glance",
      password: keystone.password,
      user_domain_id: "default",
      system_scope: "all",
    };
    const places: [string, Record<string, string>][] = [
      ["by endpoint_id", { endpoint_id: limits.endpointId }],
      ["by service and region", { endpoint_service_type: "image", endpoint_region_name: limits.region }],
    ];
    for (const [how, place] of places) {
      const set = { DEFAULT: { use_keystone_limits: "true" }, oslo_limit: { ...login, ...place } };
      const server = await startOneglance({ keystone, workers: 2, set });
      const as = async (user: UserName) => client(server.url, await tokenOf(keystone, user));
      const id = (made: { text: string }) => JSON.parse(made.text).id as string;
      try {
        const [demo, alt] = [await as("demo"), await as("alt")];

        await t.step(`${how}: usage and limits of both projects`, async () => {
          assert.deepEqual(await demo.usage(), {
            image_size_total: { usage: 0, limit: 3 },
            image_stage_total: { usage: 0, limit: 7 },
            image_count_total: { usage: 0, limit: 50 },
            image_count_uploading: { usage: 0, limit: 20 },
          });
          const of = await alt.usage();
          assert.deepEqual([of.image_size_total.limit, of.image_count_total.limit], [1, -1]);
        });

        const made: string[] = [];
        await t.step(`${how}: of 60 images at once 50 are made, by image_count_total`, async () => {
          const answers = await Promise.all(Array.from({ length: 60 }, () => demo.create()));
          for (const each of answers) {
            if (each.status === 201) made.push(id(each));
            else {
              assert.equal(each.status, 413);
              const project = keystone.ids.projects.demo;
              assert.ok(
                each.text.includes(`Project ${project} is over a limit for [Resource image_count_total `),
              );
              assert.match(each.text, /is over limit of 50 due to current usage 50 and delta 1\]/);
            }
          }
          assert.equal(made.length, 50);
        });

        await t.step(`${how}: of 50 uploads at once 3 get through, by image_size_total`, async () => {
          const ended = await Promise.all(made.map((image) => demo.upload(image, MIB)));
          for (const { status, text } of ended.filter((each) => each.status !== 204)) {
            assert.equal(status, 413, text);
            assert.match(
              text,
              /image_(size_total is over limit of 3|count_uploading is over limit of 20) due/,
            );
          }
          const images = await Promise.all(made.map((image) => demo.show(image)));
          const count = (wanted: string) => images.filter(({ status }) => status === wanted).length;
          assert.deepEqual([count("active"), count("queued")], [3, 47]);
          assert.deepEqual((await demo.usage()).image_size_total, { usage: 3, limit: 3 });
        });

        await t.step(`${how}: a project's own limit wins`, async () => {
          const first = id(await alt.create());
          assert.equal((await alt.upload(first, MIB)).status, 204);
          const next = id(await alt.create());
          const { status, text } = await alt.upload(next, MIB);
          assert.equal(status, 413);
          assert.match(text, /image_size_total is over limit of 1 due to current usage 1 and delta 1/);
          assert.equal((await alt.show(next)).status, "queued");
          for (let at = 0; at < 5; at++) assert.equal((await alt.create()).status, 201);
        });
      } finally {
        const end = await server.stop();
        assert.equal(end.code, 0, end.log);
      }
    }
    await limits.remove();
  } finally {
    await keystone.stop();
  }
});

/**
 * Images of 1 GiB by every import method, through the `glance` command, python-glanceclient and openstacksdk, with a
 * real Keystone and a real nginx: the test compares every byte in every store. `ONEGLANCE_TEST_BYTES` chooses another
 * size. Small images test the other ways of choosing stores.
 */
import assert from "node:assert/strict";
import { fileHashes, randomDisk } from "./support/disks.ts";
import { startFileserver } from "./support/fileserver.ts";
import { assertImported, finished, glance, idIn } from "./support/imports.ts";
import { clientEnvironment, startKeystone, tokenOf } from "./support/keystone.ts";
import { startOneglance } from "./support/oneglance.ts";
import { command, must } from "./support/processes.ts";

const SIZE = Number(Deno.env.get("ONEGLANCE_TEST_BYTES") ?? 2 ** 30);
const LITTLE = 8 << 20;
const STORES = ["first", "second", "third"];
const SCRIPT = new URL("support/client_import.py", import.meta.url).pathname;

const SET = {
  DEFAULT: {
    enabled_backends: "first:file,second:file,third:file",
    enabled_import_methods: "[glance-direct,web-download,copy-image,glance-download]",
  },
  import_filtering_opts: { allowed_ports: "[]" },
  oneglance: { outbound_allowed_networks: "127.0.0.0/8" },
};

const there = Deno.env.has("ONEGLANCE_KEYSTONE_WORK") ||
  (await command("sh", ["-c", "command -v keystone-manage uwsgi nginx"])).code === 0;
if (!there) console.log("skipped: tests/compat/import_large.test.ts, because Keystone or nginx is missing");

Deno.test({ name: "imports of large images by every method", ignore: !there }, async (t) => {
  const keystone = await startKeystone();
  const folder = await Deno.makeTempDir({ prefix: "oneglance_large_" });
  const site = await startFileserver((_, connection) => Promise.resolve(connection.close()));
  try {
    // Half of it is data: the rest is a hole, as on real disks.
    const raw = await randomDisk(`${site.folder}/disk.raw`, SIZE, SIZE / 2);
    const qcow2 = `${site.folder}/disk.qcow2`;
    await must("qemu-img", ["convert", "-q", "-f", "raw", "-O", "qcow2", raw, qcow2]);
    const little = await randomDisk(`${site.folder}/little.raw`, LITTLE);
    const disk = async (path: string, size: number) => ({ path, size, hashes: await fileHashes(path) });
    const disks = {
      raw: await disk(raw, SIZE),
      qcow2: await disk(qcow2, SIZE),
      little: await disk(little, LITTLE),
    };
    type Disk = keyof typeof disks;

    const third = { filesystem_store_datadir: `${folder}/third` };
    const server = await startOneglance({ keystone, stores: "multi", folder, set: { ...SET, third } });
    try {
      const region = await keystone.publish(server.url);
      const env = clientEnvironment(keystone, "demo", region, folder);
      const admin = clientEnvironment(keystone, "admin", region, folder);
      const token = await tokenOf(keystone, "demo");
      const library = async (job: Record<string, unknown>, as = env) =>
        (await must("/usr/bin/python3", [SCRIPT, JSON.stringify(job)], { env: as })).trim();
      const remove = async (id: string) => {
        const answer = await fetch(`${server.url}/v2/images/${id}`, {
          method: "DELETE",
          headers: { "x-auth-token": token },
        });
        assert.equal(answer.status, 204, await answer.text());
        for (const store of [...STORES, "staging"]) {
          assert.deepEqual(
            [...Deno.readDirSync(`${folder}/${store}`)].filter(({ name }) => name.includes(id)),
            [],
          );
        }
      };
      /** Checks the image in the API, and every byte of it in each store. */
      const compare = async (id: string, disk: Disk, stores: string[]) => {
        const { path, size, hashes } = disks[disk];
        const image = await finished(server.url, token, id);
        assertImported(image, hashes, stores.join());
        assert.equal(image.virtual_size, size);
        for (const store of stores) await must("cmp", [path, `${folder}/${store}/${id}`]);
        assert.deepEqual([...Deno.readDirSync(`${folder}/staging`)], []);
      };
      const create = async (format: "raw" | "qcow2", more: string[]) => {
        const named = ["--name", format, "--disk-format", format, "--container-format", "bare"];
        return idIn(await glance(["image-create-via-import", ...named, ...more], env));
      };

      let source = "";
      await t.step("glance: glance-direct", async () => {
        source = await create("raw", ["--import-method", "glance-direct", "--file", raw]);
        await compare(source, "raw", ["first"]);
        await glance(["image-download", "--file", `${folder}/back`, source], env);
        await must("cmp", [raw, `${folder}/back`]);
        await Deno.remove(`${folder}/back`);
      });
      await t.step("glance: copy-image, which makes it three stores", async () => {
        await glance(
          ["image-import", source, "--import-method", "copy-image", "--stores", "second,third"],
          admin,
        );
        await compare(source, "raw", STORES);
      });
      await t.step("glanceclient: glance-download", async () => {
        // The command drops its arguments of this method; the library behind it does not.
        const method = { by: "glanceclient", method: "glance-download", region, source };
        const id = await library({ ...method, format: "raw", stores: ["second"] });
        await compare(id, "raw", ["second"]);
        await remove(id);
      });
      await remove(source);
      await t.step("glance: web-download", async () => {
        const uri = ["--uri", `${site.url}/files/disk.qcow2`, "--stores", "second"];
        const id = await create("qcow2", ["--import-method", "web-download", ...uri]);
        await compare(id, "qcow2", ["second"]);
        await remove(id);
      });

      const sdk = (job: Record<string, unknown>, as = env) => library({ by: "openstacksdk", ...job }, as);
      await t.step("openstacksdk: create_image, stage_image, import_image", async () => {
        source = await sdk({ method: "glance-direct", format: "qcow2", file: qcow2, stores: ["first"] });
        await compare(source, "qcow2", ["first"]);
      });
      await t.step("openstacksdk: copy-image, which makes it three stores", async () => {
        await sdk({ method: "copy-image", image: source, stores: ["second", "third"] }, admin);
        await compare(source, "qcow2", STORES);
      });
      await t.step("openstacksdk: glance-download", async () => {
        const id = await sdk({
          method: "glance-download",
          format: "qcow2",
          region,
          source,
          stores: ["third"],
        });
        await compare(id, "qcow2", ["third"]);
        await remove(id);
      });
      await remove(source);
      await t.step("openstacksdk: web-download to all three stores", async () => {
        const uri = `${site.url}/redirect/disk.raw`;
        const id = await sdk({ method: "web-download", format: "raw", uri, stores: STORES });
        await compare(id, "raw", STORES);
        await remove(id);
      });

      await t.step("glance: glance-direct to all stores, and its task", async () => {
        const file = ["--import-method", "glance-direct", "--file", little, "--all-stores", "true"];
        source = await create("raw", file);
        await compare(source, "little", STORES);
        assert.match(await glance(["image-tasks", source], env), /success/);
        assert.match(await glance(["task-list"], admin), /api_image_import/);
      });
      await t.step("glance: web-download to two stores", async () => {
        const uri = ["--uri", `${site.url}/files/little.raw`, "--stores", "first,second"];
        const id = await create("raw", ["--import-method", "web-download", ...uri]);
        await compare(id, "little", ["first", "second"]);
      });
      await t.step("glance-download without a store goes to the default one", async () => {
        const send = (path: string, body: unknown) =>
          fetch(`${server.url}/v2/images${path}`, {
            method: "POST",
            headers: { "x-auth-token": token, "content-type": "application/json" },
            body: JSON.stringify(body),
          });
        const { id } = await (await send("", { disk_format: "raw", container_format: "bare" })).json();
        const method = { name: "glance-download", glance_region: region, glance_image_id: source };
        const answer = await send(`/${id}/import`, { method });
        assert.equal(answer.status, 202, await answer.text());
        await compare(id, "little", ["first"]);
      });
    } finally {
      const end = await server.stop();
      assert.equal(end.code, 0, end.log);
    }
  } finally {
    await site[Symbol.asyncDispose]();
    await keystone.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

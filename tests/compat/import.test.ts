/**
 * Imports as people start them, by `glance image-create-via-import` and `image-import` with a real Keystone: every
 * method, and the bytes that come down again.
 */
import assert from "node:assert/strict";
import { fileHashes, randomDisk, realQcow2 } from "./support/disks.ts";
import { assertImported, finished, glance, idIn } from "./support/imports.ts";
import { clientEnvironment, startKeystone, tokenOf } from "./support/keystone.ts";
import { startOneglance } from "./support/oneglance.ts";

const SIZE = 64 << 20;

const SET = {
  DEFAULT: {
    enabled_backends: "first:file,second:file,third:file",
    enabled_import_methods: "[glance-direct,web-download,copy-image,glance-download]",
  },
  import_filtering_opts: { allowed_ports: "[]" },
  oneglance: { outbound_allowed_networks: "127.0.0.0/8" },
};

Deno.test("imports by the glance client", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_import_" });
  const keystone = await startKeystone();
  const raw = await randomDisk(`${folder}/random.raw`, SIZE);
  const qcow2 = await realQcow2(`${folder}/real.qcow2`, SIZE);
  const site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname === "/real.qcow2" ? qcow2 : raw;
    return new Response((await Deno.open(path)).readable);
  });
  try {
    const third = { filesystem_store_datadir: `${folder}/third` };
    const server = await startOneglance({ keystone, stores: "multi", set: { ...SET, third } });
    try {
      const region = await keystone.publish(server.url);
      const env = clientEnvironment(keystone, "demo", region, folder);
      const admin = clientEnvironment(keystone, "admin", region, folder);
      const token = await tokenOf(keystone, "demo");
      const address = `http://127.0.0.1:${(site.addr as Deno.NetAddr).port}`;

      const compare = async (id: string, path: string, stores: string) => {
        const hashes = await fileHashes(path);
        assertImported(await finished(server.url, token, id), hashes, stores);
        const back = `${folder}/back`;
        await glance(["image-download", "--file", back, id], env);
        assert.deepEqual(await fileHashes(back), hashes);
        await Deno.remove(back);
      };
      const create = async (format: string, more: string[]) => {
        const named = ["--name", format, "--disk-format", format, "--container-format", "bare"];
        return idIn(await glance(["image-create-via-import", ...named, ...more], env));
      };

      let source = "";
      for (const [format, path] of [["raw", raw], ["qcow2", qcow2]] as const) {
        await t.step(`glance-direct, ${format}, to all stores`, async () => {
          const file = ["--import-method", "glance-direct", "--file", path, "--all-stores", "true"];
          source = await create(format, file);
          await compare(source, path, "first,second,third");
        });
        await t.step(`web-download, ${format}, to two stores`, async () => {
          const uri = ["--uri", `${address}/${path.split("/").at(-1)}`, "--stores", "first,second"];
          await compare(
            await create(format, ["--import-method", "web-download", ...uri]),
            path,
            "first,second",
          );
        });
      }
      await t.step("glance-download of an image of the region", async () => {
        // The client asks for --remote-region and then does not find it among its own arguments.
        const named = ["--name", "remote", "--disk-format", "qcow2", "--container-format", "bare"];
        const id = idIn(await glance(["image-create", ...named], env));
        const method = { name: "glance-download", glance_region: region, glance_image_id: source };
        const answer = await fetch(`${server.url}/v2/images/${id}/import`, {
          method: "POST",
          headers: { "x-auth-token": token, "content-type": "application/json" },
          body: JSON.stringify({ method }),
        });
        assert.equal(answer.status, 202, await answer.text());
        await compare(id, qcow2, "first");
      });
      await t.step("copy-image to the other two stores", async () => {
        const id = await create("raw", ["--import-method", "glance-direct", "--file", raw]);
        await compare(id, raw, "first");
        const copy = ["image-import", id, "--import-method", "copy-image", "--stores", "second,third"];
        await glance(copy, admin);
        await compare(id, raw, "first,second,third");
        const hashes = await fileHashes(raw);
        for (const path of [`${server.folder}/second/${id}`, `${folder}/third/${id}`]) {
          assert.deepEqual(await fileHashes(path), hashes);
        }
      });
      await t.step("the tasks of an image, and the list of tasks for the administrator", async () => {
        const said = await glance(["image-tasks", source], env);
        assert.match(said, /success/);
        assert.match(await glance(["task-list"], admin), /api_image_import/);
      });
      assert.deepEqual([...Deno.readDirSync(`${server.folder}/staging`)], []);
    } finally {
      const end = await server.stop();
      assert.equal(end.code, 0, end.log);
    }
  } finally {
    await site.shutdown();
    await keystone.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

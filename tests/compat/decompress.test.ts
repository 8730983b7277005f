/** Compressed imports by the executable: its worker is a separate bundle, in which packages can collide that do not in the sources. */
import assert from "node:assert/strict";
import { fileHashes, randomDisk } from "./support/disks.ts";
import { assertImported, finished } from "./support/imports.ts";
import { startOneglance } from "./support/oneglance.ts";
import { must } from "./support/processes.ts";

const COMMANDS = ["gzip -c", "bzip2 -c", "xz -c", "zstd -q -c", "zip -q -"];

Deno.test("a compressed import stores the decompressed image", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_decompress_" });
  const server = await startOneglance({
    stores: "multi",
    set: { image_import_opts: { image_import_plugins: "[image_decompression]" } },
  });
  try {
    const disk = await randomDisk(`${folder}/disk.raw`, 8 << 20, 2 << 20);
    const hashes = await fileHashes(disk);
    const send = async (method: string, path: string, body: BodyInit, type = "application/json") => {
      const answer = await fetch(`${server.url}/v2/images${path}`, {
        method,
        headers: { "content-type": type },
        body,
      });
      const text = await answer.text();
      assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
      return text;
    };
    for (const command of COMMANDS) {
      await t.step(command, async () => {
        await must("sh", ["-c", `${command} disk.raw >packed`], { cwd: folder });
        const made = await send("POST", "", JSON.stringify({ disk_format: "raw", container_format: "bare" }));
        const { id } = JSON.parse(made);
        const { readable } = await Deno.open(`${folder}/packed`);
        await send("PUT", `/${id}/stage`, readable, "application/octet-stream");
        await send("POST", `/${id}/import`, JSON.stringify({ method: { name: "glance-direct" } }));
        assertImported(await finished(server.url, "", id), hashes, "first");
        await must("cmp", [disk, `${server.folder}/first/${id}`]);
      });
    }
    assert.deepEqual([...Deno.readDirSync(`${server.folder}/staging`)], []);
  } finally {
    const { code, log } = await server.stop();
    await Deno.remove(folder, { recursive: true });
    assert.equal(code, 0, log);
  }
});

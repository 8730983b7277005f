/** Only the service's user and group may read its files, whatever umask the service started with. */
import assert from "node:assert/strict";
import { newImage, serve } from "../support/served.ts";

const octets = { "content-type": "application/octet-stream" };

for (const given of [0o000, 0o022, 0o077]) {
  Deno.test(`started under umask ${given.toString(8).padStart(3, "0")}: files 0640, directories 0750`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "oneglance-umask-" });
    const own = Deno.umask(given);
    const server = await serve(`${dir}/data`).finally(() => Deno.umask(own));
    try {
      const paths: [path: string, what: string][] = [];
      for (const [what, folder] of [["file", "images"], ["stage", "staging"]]) {
        const id = await newImage(server.url, { visibility: "private" });
        const url = `${server.url}/v2/images/${id}/${what}`;
        const response = await fetch(url, { method: "PUT", headers: octets, body: "data" });
        assert.equal(response.status, 204, await response.text());
        paths.push([`${dir}/data/${folder}/${id}`, "640"], [`${dir}/data/${folder}`, "750"]);
      }
      const modes = paths.map(([path]) => [path, ((Deno.statSync(path).mode ?? 0) & 0o777).toString(8)]);
      assert.deepEqual(modes, paths);
      for (const { name } of Deno.readDirSync(`${dir}/data`)) {
        assert.equal((Deno.statSync(`${dir}/data/${name}`).mode ?? 0) & 0o007, 0, name);
      }
    } finally {
      await server.crash();
      await Deno.remove(dir, { recursive: true });
    }
  });
}

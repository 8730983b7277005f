/** A server that dies during a conversion: its qemu-img ends too, and no unfinished file stays in the staging area. */
import assert from "node:assert/strict";
import { missing } from "../support/installed.ts";
import { filesIn, newImage, serve, show, until } from "../support/served.ts";

/** A qemu-img that answers `info`, and whose conversion takes a minute. */
const QEMU_IMG = `#!/bin/sh
if [ "$1" = info ]; then echo '{"format": "raw", "virtual-size": 1024}'; exit; fi
echo half > "$8"
echo $$ > "$(dirname "$0")/pid"
exec sleep 60
`;

function isAlive(pid: number): boolean {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(status);
  } catch {
    return false;
  }
}

Deno.test({
  name: "kill -9 while qemu-img converts (needs setpriv, of util-linux)",
  ignore: missing("setpriv"),
}, async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-convert-" });
  await Deno.mkdir(`${dir}/bin`);
  await Deno.writeTextFile(`${dir}/bin/qemu-img`, QEMU_IMG, { mode: 0o755 });
  const options = {
    PATH: `${dir}/bin:${Deno.env.get("PATH")}`,
    OS_OS_GLANCE_STAGING_STORE__FILESYSTEM_STORE_DATADIR: `${dir}/staging`,
    OS_DEFAULT__NODE_STAGING_URI: `file://${dir}/staging`,
    OS_IMAGE_IMPORT_OPTS__IMAGE_IMPORT_PLUGINS: "[image_conversion]",
    OS_IMAGE_CONVERSION__OUTPUT_FORMAT: "qcow2",
  };
  let server = await serve(dir, options);
  try {
    const id = await newImage(server.url);
    const put = await fetch(`${server.url}/v2/images/${id}/stage`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(1024),
    });
    assert.equal(put.status, 204, await put.text());
    const post = await fetch(`${server.url}/v2/images/${id}/import`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ method: { name: "glance-direct" } }),
    });
    assert.equal(post.status, 202, await post.text());
    await until("qemu-img converts", () => filesIn(`${dir}/bin`).includes("pid"));
    const pid = Number(await Deno.readTextFile(`${dir}/bin/pid`));
    assert.ok(isAlive(pid));
    assert.deepEqual(filesIn(`${dir}/staging`), [id, `${id}.qcow2`]);
    await server.crash();
    await until("qemu-img has ended", () => !isAlive(pid));
    server = await serve(dir, options);
    await until("the image is put back", async () => (await show(server.url, id)).status === "queued");
    await until("staging is empty", () => filesIn(`${dir}/staging`).length === 0);
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

/** Image ids are case-sensitive on SQLite: two ids that differ only in case are two images. */
import assert from "node:assert/strict";
import { filesIn, newImage, noise, serve, show, until } from "../support/served.ts";
import { ON_MARIADB } from "../support/test_database.ts";

const IDS = [
  "1a2B3c4d-0000-4000-8000-00000000ABCD",
  "1a2b3c4d-0000-4000-8000-00000000abcd",
  "1A2B3C4D-0000-4000-8000-00000000ABCD",
];

const name = "staged data survives a stop, whatever the case of the id, and each image imports its own";

Deno.test(name, { ignore: ON_MARIADB }, async () => {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-case-" });
  const bytes = new Map(IDS.map((id) => [id, noise(2000)]));
  let server = await serve(dir);
  try {
    for (const id of IDS) {
      assert.equal(await newImage(server.url, { id }), id);
      const response = await fetch(`${server.url}/v2/images/${id}/stage`, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: bytes.get(id)!,
      });
      assert.equal(response.status, 204, await response.text());
    }
    // A staged file without an image: the start removes it.
    await Deno.writeTextFile(`${dir}/staging/${IDS[0]!.replace("ABCD", "aBCD")}`, "left over");
    server.child.kill("SIGTERM");
    assert.equal(await server.ended, 0);
    server = await serve(dir);
    await until("the left-over is removed", () => filesIn(`${dir}/staging`).length === 3);
    assert.deepEqual(filesIn(`${dir}/staging`), IDS.toSorted());
    for (const id of IDS) {
      const response = await fetch(`${server.url}/v2/images/${id}/import`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ method: { name: "glance-direct" } }),
      });
      assert.equal(response.status, 202, await response.text());
      await until("the image is active", async () => (await show(server.url, id)).status === "active");
      assert.deepEqual(await Deno.readFile(`${dir}/images/${id}`), bytes.get(id));
    }
    await until("nothing is staged any more", () => filesIn(`${dir}/staging`).length === 0);

    const gone = await fetch(`${server.url}/v2/images/${IDS[0]}`, { method: "DELETE" });
    assert.equal(gone.status, 204);
    assert.deepEqual(filesIn(`${dir}/images`), IDS.slice(1).toSorted());
    for (const id of IDS.slice(1)) {
      const response = await fetch(`${server.url}/v2/images/${id}/file`);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes.get(id));
    }
  } finally {
    await server.crash();
    await Deno.remove(dir, { recursive: true });
  }
});

/** Locations through the clients: PATCH under show_multiple_locations, and the Locations API (docs/reference/images-api.md §2.10, §5.6). */
import assert from "node:assert/strict";
import { type Clients, field, type Image, type Person } from "../support/clients.ts";

const BYTES = "bytes of another site";

async function sha256(text: string): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function locations(t: Deno.TestContext, { as, folder }: Clients): Promise<void> {
  const [demo, admin, nova, alt] = [await as("demo"), await as("admin"), await as("nova"), await as("alt")];
  const site = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response(BYTES));
  const at = (name: string) => `http://127.0.0.1:${(site.addr as Deno.NetAddr).port}/${name}`;
  const queued = async (...more: string[]) => {
    const formats = ["--disk-format", "raw", "--container-format", "bare"];
    return field(await demo.glance("image-create", ...formats, ...more), "id");
  };
  const urls = async (id: string) => (await demo.show(id)).locations!.map(({ url }) => url);
  const holds = async (id: string) => {
    await demo.glance("image-download", "--file", `${folder}/located`, id);
    assert.equal(await Deno.readTextFile(`${folder}/located`), BYTES);
  };

  try {
    await t.step("glance location-add, -update, -delete", async () => {
      const id = await queued();
      const added = await demo.glance("location-add", "--url", at("one"), "--metadata", '{"a":"b"}', id);
      assert.equal(field(added, "status"), "active");
      let image = await demo.show(id);
      assert.deepEqual([image.size, image.checksum], [BYTES.length, null]);
      assert.deepEqual([image.locations![0]!.url, image.locations![0]!.metadata.a], [at("one"), "b"]);
      assert.equal(image.direct_url, at("one"));
      await holds(id);
      await demo.glance("location-add", "--url", at("two"), id);
      assert.deepEqual(await urls(id), [at("one"), at("two")]);
      await demo.refused("glance", ["location-add", "--url", at("two"), id], /HTTP 400/);
      await demo.glance("location-update", "--url", at("two"), "--metadata", '{"c":"d"}', id);
      image = await demo.show(id);
      assert.equal(image.locations!.find(({ url }) => url === at("two"))!.metadata.c, "d");
      await demo.refused("glance", ["location-update", "--url", at("three"), id], /Unknown URL/);
      await demo.refused("glance", ["location-delete", "--url", at("two"), id], /HTTP 403/);
      await admin.glance("location-delete", "--url", at("two"), id);
      assert.deepEqual(await urls(id), [at("one")]);
      await admin.refused(
        "glance",
        ["location-delete", "--url", at("one"), id],
        /Cannot remove last location in the image/,
      );
      await demo.refused("glance", ["location-add", "--url", "file:///etc/passwd", id], /HTTP 400/);
      await alt.refused("glance", ["location-add", "--url", at("two"), id], /HTTP 404/);
    });
    await t.step("glance location-add with hashes", async () => {
      const id = await queued();
      const sums = ["--checksum", "a".repeat(32), "--hash-algo", "sha512", "--hash-value", "b".repeat(128)];
      await demo.glance("location-add", "--url", at("summed"), ...sums, id);
      const image = await demo.show(id);
      assert.deepEqual([image.checksum, image.os_hash_algo, image.os_hash_value], [
        sums[1],
        sums[3],
        sums[5],
      ]);
      const other = ["--hash-algo", "sha512", "--hash-value", "c".repeat(128)];
      await demo.refused("glance", ["location-add", "--url", at("more"), ...other, id], /HTTP 409/);
      await demo.glance("image-delete", id);
    });
    await t.step("an uploaded image shows its location", async () => {
      await Deno.writeTextFile(`${folder}/up`, BYTES);
      const id = await queued("--file", `${folder}/up`);
      assert.match((await urls(id))[0]!, /^file:\/\/.*\/first\//);
      const image = await demo.show(id);
      assert.equal(image.direct_url, image.locations![0]!.url);
      await demo.glance("image-deactivate", id);
      const seen = await demo.show(id);
      assert.deepEqual([seen.locations, seen.direct_url, seen.stores], [[], undefined, undefined]);
      assert.equal((await admin.show(id)).locations!.length, 1);
      await demo.glance("image-delete", id);
    });
    await t.step("the Locations API: the data checked by its hash", async () => {
      const post = (
        person: Person,
        id: string,
        url: string,
        value?: string,
        headers?: Record<string, string>,
      ) =>
        status(person, id, "POST", {
          url,
          ...(value === undefined
            ? {}
            : { validation_data: { os_hash_algo: "sha256", os_hash_value: value } }),
        }, headers);
      const sum = await sha256(BYTES);
      const service = { "x-service-token": nova.token };
      let id = await queued();
      assert.equal(await post(demo, id, at("hashed"), sum), 202);
      let image = await ended(demo, id, "active");
      assert.deepEqual([image.os_hash_algo, image.os_hash_value, image.size], ["sha256", sum, BYTES.length]);
      await holds(id);
      assert.equal(await post(demo, id, at("again"), sum), 409);

      // As nova does: with the user's token and its own service token.
      id = await queued();
      assert.equal(await post(demo, id, at("wrong"), "0".repeat(64), service), 202);
      image = await ended(demo, id, "queued");
      assert.deepEqual([image.status, image.os_hash_value], ["queued", null]);
      assert.equal(await post(demo, id, at("right"), sum, service), 202);
      await ended(demo, id, "active");

      id = await queued("--visibility", "private");
      assert.equal(await post(demo, id, "file:///etc/passwd"), 403);
      assert.equal(await post(alt, id, at("alt")), 404);
      assert.equal(await post(demo, id, at("bad"), "xyz"), 400);
      assert.equal(await post(demo, id, at("plain")), 202);
      await ended(demo, id, "active");
    });
    await t.step("the Locations API: read by services and administrators", async () => {
      const id = await queued("--visibility", "community");
      await demo.glance("location-add", "--url", at("read"), id);
      for (const person of [nova, admin]) {
        const answer = await person.api("GET", `/v2/images/${id}/locations`);
        assert.deepEqual((await answer.json() as { url: string }[]).map(({ url }) => url), [at("read")]);
      }
      assert.equal(await status(demo, id, "GET"), 403);
      assert.equal(await status(alt, id, "GET"), 403);
      await demo.glance("image-update", "--visibility", "private", id);
      assert.deepEqual([await status(nova, id, "GET"), await status(alt, id, "GET")], [404, 404]);
      assert.equal(await status(admin, id, "GET"), 200);
    });
    await t.step("the tasks of locations stand in the list of the image's tasks", async () => {
      const found = await demo.sdk<Image[]>("images", [], { status: "active" });
      const tasks = await Promise.all(found.map(({ id }) => demo.glance("image-tasks", id)));
      assert.ok(tasks.some((said) => /success/.test(said)), tasks.join("\n"));
      await demo.glance("image-delete", ...(await demo.sdk<Image[]>("images")).map(({ id }) => id));
    });
  } finally {
    await site.shutdown();
  }
}

async function status(
  person: Person,
  id: string,
  method: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<number> {
  const answer = await person.api(method, `/v2/images/${id}/locations`, body, headers);
  await answer.body?.cancel();
  return answer.status;
}

/** Waits until the image's task has ended and the image has this status; returns the image. */
async function ended(person: Person, id: string, wanted: string): Promise<Image> {
  for (let left = 200; left > 0; left--) {
    const image = await person.show(id);
    const tasks = (await (await person.api("GET", `/v2/images/${id}/tasks`)).json()).tasks as {
      status: string;
    }[];
    if (image.status === wanted && tasks.every((task) => /success|failure/.test(task.status))) return image;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${id} does not become ${wanted}`);
}

/** Concurrent requests to one image (docs/reference/images-api.md §8.4, §2.12): one wins, and the other gets an error. */
import assert from "node:assert/strict";
import type { WriteName } from "../../db/database.ts";
import { active } from "../support/images.ts";
import { filesIn } from "../support/served.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";
import { assertStored, fedBody, shown } from "../support/stored.ts";

const BARE = { disk_format: "raw", container_format: "bare" };
const OCTETS = { "content-type": "application/octet-stream" };

async function statusOf(asked: Promise<Response>): Promise<number> {
  const response = await asked;
  await response.body?.cancel();
  return response.status;
}

const put = (service: TestService, id: string, body: string | ReadableStream<Uint8Array>, headers = {}) =>
  statusOf(
    service.ask(`/v2/images/${id}/file`, OWNER, { method: "PUT", headers: { ...OCTETS, ...headers }, body }),
  );
const del = (service: TestService, id: string) =>
  statusOf(service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" }));
const act = (service: TestService, id: string, action: string) =>
  statusOf(service.ask(`/v2/images/${id}/actions/${action}`, OWNER, { method: "POST" }));

/**
 * Holds the writes of these names back until `count` of them have come: then every caller has read the image
 * before any has written it.
 */
function meet(service: TestService, names: WriteName[], count: number): void {
  const { write } = service.deps.db;
  let waiting = count;
  const all = Promise.withResolvers<void>();
  for (const name of names) {
    const [table, verb] = name.split(".") as [keyof typeof write, string];
    const verbs = write[table] as Record<string, (input: never) => Promise<unknown>>;
    const real = verbs[verb]!;
    verbs[verb] = async (input) => {
      if (--waiting === 0) all.resolve();
      if (waiting >= 0) await all.promise;
      return await real(input);
    };
  }
}

Deno.test("a second upload while the first runs: 409, and the first is undisturbed", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const body = fedBody();
  const first = put(service, id, body.stream);
  await body.give("first ");
  assert.equal(await put(service, id, "second"), 409);
  assert.equal((await shown(service, id)).status, "saving");
  await body.give("wins");
  body.end();
  assert.equal(await first, 204);
  await assertStored(service, id, "first wins", 10);
});

Deno.test("two uploads that both read queued: 204 and 409", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  meet(service, ["images.transition"], 2);
  const bodies = ["the first", "the second"];
  const statuses = await Promise.all(bodies.map((body) => put(service, id, body)));
  assert.deepEqual(statuses.toSorted(), [204, 409]);
  const won = bodies[statuses.indexOf(204)]!;
  await assertStored(service, id, won, won.length);
  assert.deepEqual(filesIn(`${service.dir}/images`), [id]);
});

Deno.test("ten uploads at once: one 204, nine 409", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const statuses = await Promise.all(Array.from({ length: 10 }, (_, at) => put(service, id, `upload ${at}`)));
  assert.deepEqual(statuses.toSorted(), [204, ...Array(9).fill(409)]);
  assert.deepEqual(filesIn(`${service.dir}/images`), [id]);
});

Deno.test("stage while an upload runs: 409, and the other way round", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const body = fedBody();
  const first = put(service, id, body.stream);
  await body.give("data");
  const stage = (body: string) =>
    statusOf(service.ask(`/v2/images/${id}/stage`, OWNER, { method: "PUT", headers: OCTETS, body }));
  assert.equal(await stage("staged"), 409);
  body.end();
  assert.equal(await first, 204);
  assert.deepEqual(filesIn(`${service.dir}/staging`), []);
});

Deno.test("delete during an upload: 204 at once, the uploader gets 410, no data stays", async (t) => {
  for (const declared of [null, 10]) {
    await t.step(declared === null ? "of unknown size" : "of known size", async () => {
      await using service = await startService();
      const { id } = await service.create(OWNER, BARE);
      const body = fedBody();
      const headers = declared === null ? {} : { "x-openstack-image-size": `${declared}` };
      const uploading = put(service, id, body.stream, headers);
      await body.give("01234");
      assert.equal(await del(service, id), 204);
      assert.equal(await statusOf(service.ask(`/v2/images/${id}`, OWNER)), 404);
      await body.give("56789");
      body.end();
      assert.equal(await uploading, 410);
      assert.deepEqual(filesIn(`${service.dir}/images`), []);
      assert.deepEqual(await service.deps.db.read.uploads.list(), []);
    });
  }
});

Deno.test("delete that has looked before the upload ends and deletes after: the data goes too", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const { write } = service.deps.db;
  const real = write.deletions.begin;
  write.deletions.begin = async (input) => {
    await service.upload(id, OWNER, "data");
    return await real(input);
  };
  assert.equal(await del(service, id), 204);
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
});

Deno.test("the same, and the store does not let the data go: 500, and the image is whole", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const { write } = service.deps.db;
  const real = write.deletions.begin;
  write.deletions.begin = async (input) => {
    await service.upload(id, OWNER, "data");
    service.deps.stores.default.delete = () => Promise.reject(new Error("the disk does not answer"));
    return await real(input);
  };
  assert.equal(await del(service, id), 500);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
});

Deno.test("two deletes that both have looked: 204 and 404", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  meet(service, ["deletions.begin"], 2);
  const statuses = await Promise.all([del(service, id), del(service, id)]);
  assert.deepEqual(statuses.toSorted(), [204, 404]);
  assert.deepEqual(filesIn(`${service.dir}/images`), []);
});

Deno.test("a PATCH that has looked, then a delete: 404", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  const { write } = service.deps.db;
  const real = write.images.change;
  write.images.change = async (input) => {
    assert.equal(await del(service, id), 204);
    return await real(input);
  };
  assert.equal(await statusOf(service.patch(id, OWNER, [{ op: "replace", path: "/name", value: "x" }])), 404);
});

Deno.test("two PATCHes that both have looked: what both touched stands", async (t) => {
  const pairs: [string, unknown[], unknown[], Record<string, unknown>][] = [
    [
      "different properties",
      [{ op: "add", path: "/a", value: "1" }],
      [{ op: "add", path: "/b", value: "2" }],
      { a: "1", b: "2", kept: "k" },
    ],
    [
      "a property is added, another removed",
      [{ op: "add", path: "/a", value: "1" }],
      [{ op: "remove", path: "/kept" }],
      { a: "1", kept: undefined },
    ],
    [
      "different base attributes",
      [{ op: "replace", path: "/name", value: "new" }],
      [{ op: "replace", path: "/min_ram", value: 7 }],
      { name: "new", min_ram: 7 },
    ],
    [
      "an attribute and tags",
      [{ op: "replace", path: "/protected", value: true }],
      [{ op: "replace", path: "/tags", value: ["t"] }],
      { protected: true, tags: ["t"], kept: "k" },
    ],
  ];
  for (const [name, one, other, wanted] of pairs) {
    await t.step(name, async () => {
      await using service = await startService();
      const { id } = await active({ kept: "k" })(service) as { id: string };
      meet(service, ["images.change"], 2);
      const statuses = await Promise.all(
        [one, other].map((document) => statusOf(service.patch(id, OWNER, document))),
      );
      assert.deepEqual(statuses, [200, 200]);
      const image = await shown(service, id);
      for (const [key, value] of Object.entries(wanted)) assert.deepEqual(image[key], value, key);
    });
  }
});

Deno.test("a PATCH that has looked before a deactivate and writes after it: both hold", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  const { write } = service.deps.db;
  const real = write.images.change;
  write.images.change = async (input) => {
    assert.equal(await act(service, id, "deactivate"), 204);
    return await real(input);
  };
  assert.equal(await statusOf(service.patch(id, OWNER, [{ op: "replace", path: "/name", value: "x" }])), 200);
  const { status, name } = await shown(service, id);
  assert.deepEqual([status, name], ["deactivated", "x"]);
});

Deno.test("two of the same action that both have looked: 204 and 204", async (t) => {
  for (const [action, end] of [["deactivate", "deactivated"], ["reactivate", "active"]] as const) {
    await t.step(action, async () => {
      await using service = await startService();
      const { id } = await active()(service) as { id: string };
      if (action === "reactivate") assert.equal(await act(service, id, "deactivate"), 204);
      meet(service, ["images.transition"], 2);
      const statuses = await Promise.all([act(service, id, action), act(service, id, action)]);
      assert.deepEqual(statuses, [204, 204]);
      assert.equal((await shown(service, id)).status, end);
    });
  }
});

Deno.test("deactivate that has looked, then a delete: 404", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  const { write } = service.deps.db;
  const real = write.images.transition;
  write.images.transition = async (input) => {
    assert.equal(await del(service, id), 204);
    return await real(input);
  };
  assert.equal(await act(service, id, "deactivate"), 404);
});

Deno.test("two members of one name that both have looked: 200 and 409", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  meet(service, ["members.add"], 2);
  const add = () =>
    statusOf(service.ask(`/v2/images/${id}/members`, OWNER, { method: "POST", body: { member: "p2" } }));
  assert.deepEqual((await Promise.all([add(), add()])).toSorted(), [200, 409]);
});

Deno.test("a download that runs while its image is deleted comes whole", async () => {
  await using service = await startService();
  const { id } = await service.create(OWNER, BARE);
  const bytes = new Uint8Array(2_000_000).fill(7);
  await service.upload(id, OWNER, bytes);
  const response = await service.ask(`/v2/images/${id}/file`, OWNER);
  const reader = response.body!.getReader();
  let got = (await reader.read()).value!.length;
  assert.equal(await del(service, id), 204);
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) got += piece.value.length;
  assert.equal(got, bytes.length);
});

Deno.test("two images of one id at once: 201 and 409", async () => {
  await using service = await startService();
  const id = crypto.randomUUID();
  const create = () => statusOf(service.ask("/v2/images", OWNER, { method: "POST", body: { id } }));
  assert.deepEqual((await Promise.all([create(), create()])).toSorted(), [201, 409]);
});

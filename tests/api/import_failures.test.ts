/** What an import that fails says: to its client which stores have failed, to the operator which store and why. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { mayMount, mountSmall, unmount } from "../stores/scratch.ts";
import {
  breakStore,
  FORMATS,
  importNow,
  nothingInProgress,
  staged,
  threeStores,
} from "../support/imports.ts";
import { recordLog } from "../support/logged.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { hasOpenssl, makeSigner } from "../support/signing.ts";

const DIRECT = { method: { name: "glance-direct" } };
const TOGETHER = { "image_import_opts.max_parallel_stores": "3" };
const mounts = await mayMount();

async function failed(service: TestService, id: string, request: unknown, stores: string): Promise<void> {
  const { image, task } = await importNow(service, id, request);
  assert.deepEqual([image.status, task.status], ["queued", "failure"]);
  assert.deepEqual([image.os_glance_failed_import, image.os_glance_importing_to_stores], [stores, ""]);
  await nothingInProgress(service);
}

Deno.test("stores that are written together are all named as failed, whatever failed", async (t) => {
  await using service = await threeStores({ ...TOGETHER, "oneglance.signature_certificates_dir": "{dir}" });
  const all = { ...DIRECT, all_stores: true };
  await t.step("the format", async () => {
    await failed(service, await staged(service, "data", { disk_format: "qcow2" }), all, "a,b,c");
  });
  await t.step({
    name: "the signature",
    ignore: !await hasOpenssl(),
    async fn() {
      const signer = await makeSigner(service.dir, "RSA-PSS");
      await Deno.writeFile(join(service.dir, `${signer.id}.pem`), signer.pem);
      const id = await staged(service, "other data", {
        img_signature: await signer.sign(new TextEncoder().encode("data"), "SHA-256"),
        img_signature_hash_method: "SHA-256",
        img_signature_key_type: "RSA-PSS",
        img_signature_certificate_uuid: signer.id,
      });
      await failed(service, id, all, "a,b,c");
    },
  });
  await breakStore(service, "b");
  await t.step("one store, of two that were asked for", async () => {
    await failed(service, await staged(service, "data"), { ...DIRECT, stores: ["c", "b"] }, "b,c");
  });
  await t.step("copy-image, which is never done together: the one that failed", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    const request = { method: { name: "copy-image" }, stores: ["b", "c"] };
    const { image, task } = await importNow(service, id, request, ADMIN);
    assert.deepEqual([image.stores, task.status, image.os_glance_failed_import], ["a", "failure", "b"]);
  });
});

Deno.test("data of that id which no location names is replaced", async (t) => {
  await using service = await threeStores();
  await t.step("by copy-image", async () => {
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    await Deno.writeTextFile(`${service.dir}/b/${id}`, "left over");
    using log = recordLog();
    const request = { method: { name: "copy-image" }, stores: ["b"] };
    const { image, task } = await importNow(service, id, request, ADMIN);
    assert.deepEqual([image.stores, task.status], ["a,b", "success"]);
    assert.equal(await Deno.readTextFile(`${service.dir}/b/${id}`), "data");
    assert.match(
      log.lines().join("\n"),
      new RegExp(`WARNING .*store b had data of image ${id} that no location names`),
    );
  });
  await t.step("by an import to several stores", async () => {
    const id = await staged(service, "data");
    await Deno.writeTextFile(`${service.dir}/c/${id}`, "left over");
    const { image } = await importNow(service, id, { ...DIRECT, all_stores: true });
    assert.equal(image.stores, "a,b,c");
    assert.equal(await Deno.readTextFile(`${service.dir}/c/${id}`), "data");
  });
});

Deno.test("data of that id which a location names is left alone", async (t) => {
  await t.step("where its deletion is delayed: the log names store and cause", async () => {
    await using service = await threeStores({ "DEFAULT.delayed_delete": "true" });
    const id = await staged(service, "data");
    await importNow(service, id, { ...DIRECT, stores: ["a", "b"] });
    assert.equal((await service.ask(`/v2/stores/b/${id}`, ADMIN, { method: "DELETE" })).status, 204);
    using log = recordLog();
    const request = { method: { name: "copy-image" }, stores: ["b"] };
    const { image, task } = await importNow(service, id, request, ADMIN);
    assert.deepEqual([image.status, image.stores, task.status], ["active", "a", "failure"]);
    assert.equal(await Deno.readTextFile(`${service.dir}/b/${id}`), "data");
    const lines = log.lines();
    const why = `Image ${id} already exists`;
    assert.ok(
      lines.some((line) => line.includes(`store b took no data of image ${id}: ${why}`)),
      lines.join("\n"),
    );
    assert.ok(lines.some((line) => line.includes(`import of image ${id} failed: ${why}`)), lines.join("\n"));
  });
  await t.step("where another store has the same directory", async () => {
    await using service = await threeStores({ "b.filesystem_store_datadir": "{dir}/a" });
    const { id } = await service.create(OWNER, FORMATS);
    await service.upload(id, OWNER, "data");
    const request = { method: { name: "copy-image" }, stores: ["b"] };
    const { image, task } = await importNow(service, id, request, ADMIN);
    assert.deepEqual([image.status, task.status], ["active", "failure"]);
    assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
  });
});

Deno.test("in single-store mode the store is named by its kind", async () => {
  await using service = await startService();
  const id = await staged(service, "data");
  await Deno.remove(`${service.dir}/images`, { recursive: true });
  using log = recordLog();
  await importNow(service, id, DIRECT);
  const text = log.lines().join("\n");
  assert.match(
    text,
    new RegExp(`ERROR .*store file took no data of image ${id}: The directory for the data`),
  );
  assert.ok(!text.includes("store null"), text);
});

Deno.test({
  name: "a full store: a WARNING with the store and the bytes that are free",
  ignore: !mounts,
  async fn(t) {
    await using service = await threeStores();
    const data = "x".repeat(200_000);
    const put = (id: string, what: string) =>
      service.ask(`/v2/images/${id}/${what}`, OWNER, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream", "x-openstack-request-id": "req-full" },
        body: data,
      });
    const rows: [name: string, folder: string, said: RegExp, fill: (id: string) => Promise<unknown>][] = [
      ["PUT file", "a", /^WARNING \[req-full\] store a is full/, (id) => put(id, "file")],
      ["PUT stage", "staging", /^WARNING \[req-full\] the staging area is full/, (id) => put(id, "stage")],
      ["an import", "b", /^WARNING \[req-\S+\] store b is full/, async (id) => {
        await service.ask(`/v2/images/${id}/stage`, OWNER, {
          method: "PUT",
          headers: { "content-type": "application/octet-stream" },
          body: data,
        });
        await importNow(service, id, { ...DIRECT, stores: ["b"] });
      }],
    ];
    for (const [name, folder, said, fill] of rows) {
      await t.step(name, async () => {
        await mountSmall(`${service.dir}/${folder}`, "64k");
        try {
          const { id } = await service.create(OWNER, FORMATS);
          using log = recordLog();
          await fill(id);
          const lines = log.lines().filter((line) => said.test(line));
          assert.equal(lines.length, 1, log.lines().join("\n"));
          assert.match(lines[0]!, new RegExp(`no room for image ${id}; bytes free: \\d+$`));
          assert.deepEqual(filesIn(`${service.dir}/${folder}`), []);
        } finally {
          await unmount(`${service.dir}/${folder}`);
        }
      });
    }
  },
});

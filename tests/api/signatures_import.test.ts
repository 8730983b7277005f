/** Signed images whose data comes by an import: verified where it is staged, before a store has it (docs/reference/background-jobs.md §9). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { recoverTasks } from "../../src/tasks/start.ts";
import { fakeBarbican } from "../support/fake_barbican.ts";
import {
  FORMATS,
  importNow,
  nothingInProgress,
  outcome,
  postImport,
  serveSite,
  stage,
  threeStores,
} from "../support/imports.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, type TestService } from "../support/service.ts";
import { hasOpenssl, makeSigner, type Signer } from "../support/signing.ts";

const ignore = !await hasOpenssl();
const DATA = crypto.getRandomValues(new Uint8Array(60_000));
const WRONG = DATA.with(100, DATA[100]! ^ 1);
const DIRECT = { method: { name: "glance-direct" }, all_stores: true };

async function signed(signer: Signer) {
  return {
    ...FORMATS,
    img_signature: await signer.sign(DATA, "SHA-256"),
    img_signature_hash_method: "SHA-256",
    img_signature_key_type: signer.keyType,
    img_signature_certificate_uuid: signer.id,
  };
}

const filesOf = (service: TestService) => ["a", "b", "c"].flatMap((id) => filesIn(`${service.dir}/${id}`));

Deno.test({
  name: "data that is not what was signed reaches no store",
  ignore,
  async fn(t) {
    const data = { bytes: DATA };
    await using site = serveSite(() => new Response(data.bytes));
    await using service = await threeStores({ "oneglance.signature_certificates_dir": "{dir}" });
    const signer = await makeSigner(service.dir, "ECC_SECP384R1");
    await Deno.writeFile(join(service.dir, `${signer.id}.pem`), signer.pem);
    const web = { method: { name: "web-download", uri: site.url }, all_stores: true };
    for (const [body, bytes] of [[DIRECT, WRONG], [web, WRONG], [DIRECT, DATA], [web, DATA]] as const) {
      const right = bytes === DATA;
      await t.step(`${body.method.name}, ${right ? "right" : "wrong"}`, async () => {
        const { id } = await service.create(OWNER, await signed(signer));
        data.bytes = bytes;
        if (body === DIRECT) await stage(service, id, bytes);
        const { image, task } = await importNow(service, id, body);
        assert.deepEqual([image.status, task.status], right ? ["active", "success"] : ["queued", "failure"]);
        assert.equal(filesOf(service).length, right ? 3 : 0);
        if (!right) {
          assert.match(task.message, /Signature verification failed for image .* does not match the data/);
        }
        await service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" });
        await nothingInProgress(service);
      });
    }
    await t.step("the legacy import: the image is gone", async () => {
      data.bytes = WRONG;
      const input = {
        import_from: site.url,
        import_from_format: "raw",
        image_properties: await signed(signer),
      };
      const asked = { method: "POST", body: { type: "import", input } };
      const { id } = await (await service.ask("/v2/tasks", ADMIN, asked)).json();
      await service.deps.background.settled();
      const task = await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
      assert.equal(task.status, "failure");
      assert.match(task.message, /Signature verification failed/);
      assert.deepEqual(filesOf(service), []);
      await nothingInProgress(service);
    });
  },
});

Deno.test({
  name: "the key manager is asked with the token of who imports, which no other process has",
  ignore,
  async fn() {
    await using barbican = fakeBarbican();
    await using service = await threeStores({ "barbican.barbican_endpoint": barbican.url });
    const signer = await makeSigner(service.dir, "RSA-PSS");
    barbican.secrets.set(signer.id, signer.der);
    const token = { "x-auth-token": barbican.token };
    const { id } = await service.create(OWNER, await signed(signer));
    await stage(service, id, DATA);
    assert.equal((await postImport(service, id, DIRECT, OWNER, token)).status, 202);
    await service.deps.background.settled();
    assert.equal((await outcome(service, id)).image.status, "active");
    assert.deepEqual(barbican.asked, [`/v1/secrets/${signer.id}/payload ${barbican.token}`]);

    const other = await service.create(OWNER, await signed(signer));
    await stage(service, other.id, DATA);
    const closed = Promise.withResolvers<void>();
    const store = service.deps.stores.default;
    const open = store.open.bind(store);
    store.open = async (...given) => {
      store.open = open;
      closed.resolve(service.deps.background.close());
      return await open(...given);
    };
    assert.equal((await postImport(service, other.id, DIRECT, OWNER, token)).status, 202);
    await closed.promise;
    await recoverTasks(service.deps);
    await service.deps.background.settled();
    const { image, task } = await outcome(service, other.id);
    assert.deepEqual([image.status, task.status], ["queued", "failure"]);
    assert.match(task.message, /the key manager requires a token/);
    await nothingInProgress(service);
  },
});

/** Signed images: what is verified, and what a failure leaves (docs/reference/background-jobs.md §9). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { NOBODY } from "../../src/caller.ts";
import { verifyFile } from "../../src/signatures/verifier.ts";
import { fakeBarbican } from "../support/fake_barbican.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";
import { HASHES, hasOpenssl, KEY_COMMANDS, makeSigner, type Signer } from "../support/signing.ts";

const ignore = !await hasOpenssl();
const BARE = { disk_format: "raw", container_format: "bare" };
const DATA = crypto.getRandomValues(new Uint8Array(60_000));
const LOCAL = { "oneglance.signature_certificates_dir": "{dir}" };

function signed(signer: Pick<Signer, "id" | "keyType">, hash: string, signature: string) {
  return {
    ...BARE,
    img_signature: signature,
    img_signature_hash_method: hash,
    img_signature_key_type: signer.keyType,
    img_signature_certificate_uuid: signer.id,
  };
}

async function put(service: TestService, id: string, body: BodyInit | Uint8Array = DATA, token?: string) {
  const response = await service.ask(`/v2/images/${id}/file`, OWNER, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", ...(token ? { "x-auth-token": token } : {}) },
    body,
  });
  return { status: response.status, text: await response.text() };
}

/** The image is queued as if nothing had come, and no byte is left. */
async function assertUntouched(service: TestService, id: string): Promise<void> {
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual([image.status, image.size, image.checksum], ["queued", null, null]);
  const files = [...Deno.readDirSync(join(service.dir, "images"))].map(({ name }) => name);
  assert.deepEqual(files, []);
}

for (const keyType of Object.keys(KEY_COMMANDS)) {
  Deno.test({
    name: `${keyType}: each hash, right and wrong`,
    ignore,
    async fn() {
      await using service = await startService(LOCAL);
      const signer = await makeSigner(service.dir, keyType);
      await Deno.writeFile(join(service.dir, `${signer.id}.der`), signer.der);
      for (const hash of HASHES) {
        const signature = await signer.sign(DATA, hash);
        const right = await service.create(OWNER, signed(signer, hash, signature));
        assert.deepEqual(await put(service, right.id), { status: 204, text: "" }, hash);
        await service.ask(`/v2/images/${right.id}`, OWNER, { method: "DELETE" });

        const wrong = await service.create(OWNER, signed(signer, hash, signature));
        const answer = await put(service, wrong.id, DATA.with(100, DATA[100]! ^ 1));
        assert.equal(answer.status, 400, hash);
        assert.ok(
          answer.text.includes(
            `Signature verification failed for image ${wrong.id}: The signature does not match the data.`,
          ),
          answer.text,
        );
        await assertUntouched(service, wrong.id);

        const other = HASHES.find((each) => each !== hash)!;
        const mixed = await service.create(OWNER, signed(signer, other, signature));
        assert.equal((await put(service, mixed.id)).status, 400, `${hash} as ${other}`);
        await service.ask(`/v2/images/${mixed.id}`, OWNER, { method: "DELETE" });
      }
    },
  });
}

Deno.test({
  name: "what is refused before any data is read",
  ignore,
  async fn() {
    await using service = await startService(LOCAL);
    const rsa = await makeSigner(service.dir, "RSA-PSS");
    const ec = await makeSigner(service.dir, "ECC_SECP384R1");
    await Deno.writeFile(join(service.dir, `${rsa.id}.pem`), rsa.pem);
    await Deno.writeFile(join(service.dir, `${ec.id}.crt`), ec.pem);
    const broken = crypto.randomUUID();
    await Deno.writeTextFile(join(service.dir, `${broken}.pem`), "no certificate");
    const signature = await rsa.sign(DATA, "SHA-256");
    const good = signed(rsa, "SHA-256", signature);
    const table: [Record<string, string>, RegExp][] = [
      [{ img_signature_hash_method: "MD5" }, /Invalid img_signature_hash_method 'MD5': use SHA-224, SHA-256/],
      [{ img_signature_hash_method: "SHA-1" }, /Invalid img_signature_hash_method/],
      [{ img_signature_hash_method: "toString" }, /Invalid img_signature_hash_method/],
      [
        { img_signature_key_type: "RSA" },
        /Invalid img_signature_key_type 'RSA': use RSA-PSS, DSA, ECC_SECT571K1/,
      ],
      [{ img_signature_key_type: "DSA" }, /is not of the type DSA/],
      [
        { img_signature_key_type: "ECC_SECP521R1", img_signature_certificate_uuid: ec.id },
        /not of the type ECC_SECP521R1/,
      ],
      [{ img_signature_certificate_uuid: crypto.randomUUID() }, /the key manager requires a token/],
      [{ img_signature_certificate_uuid: broken }, /it is neither PEM nor DER/],
      [{ img_signature_certificate_uuid: `../${rsa.id}` }, /is not a UUID/],
      [{ img_signature: "not base64!" }, /not properly encoded using base64/],
      [{ img_signature: "" }, /not properly encoded using base64/],
    ];
    for (const [change, expected] of table) {
      const { id } = await service.create(OWNER, { ...good, ...change });
      let read = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          read++;
          controller.enqueue(DATA);
        },
      }, { highWaterMark: 0 });
      const { status, text } = await put(service, id, body as unknown as BodyInit);
      assert.equal(status, 400, JSON.stringify(change));
      assert.match(text, new RegExp(`Signature verification failed for image ${id}: `));
      assert.match(text, expected);
      assert.equal(read, 0, JSON.stringify(change));
      await assertUntouched(service, id);
    }
  },
});

Deno.test({
  name: "with one property missing nothing is verified",
  ignore,
  async fn() {
    await using service = await startService();
    const properties = signed({ id: crypto.randomUUID(), keyType: "DSA" }, "SHA-256", "bm8=");
    for (const name of Object.keys(properties).filter((each) => each.startsWith("img_"))) {
      const { [name as keyof typeof properties]: _, ...rest } = properties;
      const { id } = await service.create(OWNER, rest);
      assert.equal((await put(service, id)).status, 204, name);
    }
  },
});

Deno.test({
  name: "RSA-PSS: only the longest salt, only whole signatures",
  ignore,
  async fn() {
    await using service = await startService(LOCAL);
    const signer = await makeSigner(service.dir, "RSA-PSS");
    await Deno.writeFile(join(service.dir, `${signer.id}.pem`), signer.pem);
    const right = await signer.sign(DATA, "SHA-256");
    for (
      const signature of [
        await signer.sign(DATA, "SHA-256", "32"),
        btoa(atob(right).slice(1)),
        btoa(`${atob(right)}0`),
      ]
    ) {
      const { id } = await service.create(OWNER, signed(signer, "SHA-256", signature));
      assert.equal((await put(service, id)).status, 400);
      await assertUntouched(service, id);
    }
  },
});

Deno.test({
  name:
    "certificates from the key manager: endpoint of the configuration or of the catalog, the caller's token",
  ignore,
  async fn() {
    await using barbican = fakeBarbican();
    for (const catalog of [false, true]) {
      barbican.asked.length = 0;
      await using service = await startService(
        catalog
          ? { "barbican.barbican_endpoint_type": "internal" }
          : { "barbican.barbican_endpoint": `${barbican.url}/` },
      );
      const signer = await makeSigner(service.dir, "ECC_SECP521R1");
      barbican.secrets.set(signer.id, signer.der);
      const endpoints = [{ region: "R", publicURL: "http://127.0.0.1:9", internalURL: barbican.url }];
      const who = catalog
        ? {
          ...OWNER,
          headers: { "x-service-catalog": JSON.stringify([{ type: "key-manager", endpoints }]) },
        }
        : OWNER;
      const upload = async (token: string, certificate = signer.id) => {
        const image = signed({ ...signer, id: certificate }, "SHA-256", await signer.sign(DATA, "SHA-256"));
        const { id } = await service.create(OWNER, image);
        const response = await service.ask(`/v2/images/${id}/file`, who, {
          method: "PUT",
          headers: { "content-type": "application/octet-stream", "x-auth-token": token },
          body: DATA,
        });
        return { id, status: response.status, text: await response.text() };
      };
      assert.equal((await upload("t0")).status, 204);
      assert.deepEqual(barbican.asked, [`/v1/secrets/${signer.id}/payload t0`]);
      const refused = await upload("wrong");
      assert.equal(refused.status, 400);
      assert.match(refused.text, /the key manager answers 401/);
      assert.ok(!refused.text.includes("wrong"));
      const missing = await upload("t0", crypto.randomUUID());
      assert.match(missing.text, /the key manager answers 404/);
      const image = await (await service.ask(`/v2/images/${missing.id}`, OWNER)).json();
      assert.equal(image.status, "queued");
    }
  },
});

Deno.test({
  name: "a key manager that is away, in no catalog, or another one",
  ignore,
  async fn() {
    const cases: [Record<string, string>, RegExp][] = [
      [{ "barbican.barbican_endpoint": "http://127.0.0.1:9" }, /127\.0\.0\.1:9 cannot be reached/],
      [{}, /the catalog has no key-manager/],
      [{ "key_manager.backend": "vault" }, /backend is not barbican/],
    ];
    for (const [options, expected] of cases) {
      await using service = await startService(options);
      const { id } = await service.create(
        OWNER,
        signed({ id: crypto.randomUUID(), keyType: "DSA" }, "SHA-256", "bm8="),
      );
      const { status, text } = await put(service, id, DATA, "t0");
      assert.equal(status, 400);
      assert.match(text, expected);
      await assertUntouched(service, id);
    }
  },
});

Deno.test({
  name: "a file is verified where it lies",
  ignore,
  async fn() {
    await using service = await startService(LOCAL);
    const signer = await makeSigner(service.dir, "RSA-PSS");
    await Deno.writeFile(join(service.dir, `${signer.id}.pem`), signer.pem);
    const path = join(service.dir, "data");
    await Deno.writeFile(path, DATA);
    const ctx = { deps: service.deps, caller: NOBODY, requestId: "req-1" };
    const properties = signed(signer, "SHA-384", await signer.sign(DATA, "SHA-384"));
    await verifyFile(ctx, { id: "i", properties }, path);
    await verifyFile(ctx, { id: "i", properties: BARE }, path);
    await Deno.writeFile(path, DATA.with(0, DATA[0]! ^ 1));
    await assert.rejects(verifyFile(ctx, { id: "i", properties }, path), {
      code: "bad_request",
      message: "Signature verification failed for image i: The signature does not match the data.",
    });
  },
});

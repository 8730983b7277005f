import assert from "node:assert/strict";
import { configFrom } from "../../src/config/config.ts";
import { makeStores } from "../../src/stores/registry.ts";
import type { Stores } from "../../src/stores/store.ts";
import { scratch } from "../stores/scratch.ts";
import { put } from "../stores/suite.ts";

const noFetch = () => Promise.reject(new Error("no network here"));

async function withStores(
  values: (folder: string) => Record<string, string>,
  run: (stores: Stores, folder: string, warnings: string[]) => Promise<void> | void,
): Promise<void> {
  await using place = await scratch();
  const stores = await makeStores(configFrom(values(place.folder)), { ...place.tools, fetch: noFetch });
  try {
    await run(stores, place.folder, place.warnings);
  } finally {
    await stores.close();
  }
}

const single = (folder: string) => ({
  "glance_store.filesystem_store_datadir": `${folder}/images`,
  "DEFAULT.node_staging_uri": `file://${folder}/staging/`,
});

const multi = (folder: string) => ({
  "DEFAULT.enabled_backends": "fast:file, cheap:file, web:http, block:nosuch",
  "glance_store.default_backend": "cheap",
  "fast.filesystem_store_datadir": `${folder}/img`,
  "fast.weight": "5",
  "fast.store_description": "Quick disks",
  "cheap.filesystem_store_datadir": `${folder}/img2`,
  "os_glance_staging_store.filesystem_store_datadir": `${folder}/staging`,
});

Deno.test("stores, single: drivers by scheme, staging by its URI", () =>
  withStores(single, async (stores, folder, warnings) => {
    assert.equal(stores.multi, false);
    assert.deepEqual(stores.all.map(({ type, id }) => [type, id]), [["file", null], ["http", null]]);
    assert.equal(stores.default.type, "file");
    const url = await put(stores.default, "img", new Uint8Array(3));
    assert.equal(url, `file://${folder}/images/img`);
    assert.equal(await put(stores.staging, "img", new Uint8Array(3)), `file://${folder}/staging/img`);
    assert.equal(stores.forLocation({ url, metadata: { store: "gone" } }), stores.default);
    assert.equal(stores.forLocation({ url: "https://h/x", metadata: {} })?.type, "http");
    assert.equal(stores.forLocation({ url: "rbd://x", metadata: {} }), null);
    assert.equal(stores.forLocation({ url: "nonsense", metadata: {} }), null);
    assert.equal(stores.byId("file"), null);
    const locations = [{ url: "https://h/x", metadata: {} }, { url, metadata: {} }];
    assert.deepEqual(stores.order(locations), locations);
    assert.deepEqual(warnings, []);
  }));

Deno.test("stores, multi: in the order of enabled_backends, by id, weight and prefix", () =>
  withStores(multi, async (stores, folder, warnings) => {
    assert.equal(stores.multi, true);
    assert.deepEqual(stores.all.map(({ id }) => id), ["fast", "cheap", "web"]);
    assert.equal(stores.default.id, "cheap");
    assert.equal(stores.byId("fast")?.description, "Quick disks");
    assert.equal(stores.byId("web")?.description, null);
    assert.deepEqual(stores.byId("cheap")?.properties, {
      data_dir: `${folder}/img2`,
      chunk_size: 65536,
      thin_provisioning: false,
    });
    assert.match(warnings.join(), /'block' is ignored.*'nosuch'/);

    const url = await put(stores.default, "img", new Uint8Array(3));
    const found = (url: string, metadata = {}) => stores.forLocation({ url, metadata })?.id ?? null;
    assert.equal(found(url, { store: "fast" }), "fast");
    assert.equal(found(url, { backend: "cheap" }), "cheap");
    assert.equal(found(url, { store: "gone" }), "cheap");
    assert.equal(found(url), "cheap");
    assert.equal(found(`file://${folder}/img/x`), "fast");
    assert.equal(found("file:///elsewhere/x", { store: "gone" }), null);
    assert.equal(found("https://h/x"), "web");
    assert.equal(stores.byId("os_glance_staging_store"), null);
    assert.equal(await put(stores.staging, "img", new Uint8Array(3)), `file://${folder}/staging/img`);

    const at = (store: string) => ({ url: `file://${folder}/${store}`, metadata: { store } });
    const locations = [at("web"), at("gone"), at("cheap"), at("fast")];
    assert.deepEqual(
      stores.order(locations).map(({ metadata }) => metadata.store),
      ["fast", "web", "gone", "cheap"],
    );
  }));

Deno.test("stores: a configuration that cannot serve is refused with its reason", async () => {
  const refused: [(folder: string) => Record<string, string>, RegExp][] = [
    [(f) => ({ ...multi(f), "DEFAULT.enabled_backends": "os_glance_x:file" }), /os_glance_x/],
    [(f) => ({ ...multi(f), "glance_store.default_backend": "" }), /'default_backend' .* must be set/],
    [(f) => ({ ...multi(f), "glance_store.default_backend": "none" }), /'none'/],
    [(f) => ({ ...multi(f), "glance_store.default_backend": "block" }), /'block' cannot be used/],
    [(f) => ({ ...single(f), "glance_store.stores": "http" }), /'default_store' is 'file'/],
    [(f) => ({ ...single(f), "DEFAULT.node_staging_uri": "/tmp/staging" }), /node_staging_uri/],
  ];
  for (const [values, message] of refused) {
    await assert.rejects(withStores(values, () => {}), { code: "config", message });
  }
});

Deno.test("stores: a wrongly configured store is kept, read-only", () =>
  withStores(
    (folder) => ({ ...single(folder), "glance_store.filesystem_store_datadirs": `${folder}/more` }),
    (stores, _folder, warnings) => {
      assert.match(stores.default.readOnly ?? "", /not both/);
      assert.equal(warnings.length, 1);
    },
  ));

Deno.test("stores: proxies of the http store are not used, and a warning says so", async () => {
  const proxies = "http:proxy.example:3128";
  await withStores(
    (folder) => ({ ...single(folder), "glance_store.http_proxy_information": proxies }),
    (_stores, _folder, warnings) => {
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /^Store 'http': 'http_proxy_information' is ignored/);
    },
  );
  await withStores(
    (folder) => ({ ...multi(folder), "web.http_proxy_information": proxies }),
    (_stores, _folder, warnings) =>
      assert.ok(warnings.some((text) => text.startsWith("Store 'web': 'http_proxy_information'"))),
  );
  await withStores(
    (folder) => ({ ...single(folder), "glance_store.http_proxy_information": "" }),
    (_stores, _folder, warnings) => assert.deepEqual(warnings, []),
  );
});

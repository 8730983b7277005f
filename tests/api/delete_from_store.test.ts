/** DELETE /v2/stores/{store}/{image}: docs/reference/images-api.md §2.11, §9.8. */
import assert from "node:assert/strict";
import { type ErrorCode, GlanceError } from "../../src/errors.ts";
import { ageLocation, giveLocation } from "../support/give_location.ts";
import { inStatus } from "../support/images.ts";
import { FORMATS, THREE_STORES, threeStores } from "../support/imports.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { filesIn } from "../support/served.ts";
import {
  ADMIN,
  OWNER,
  READER,
  SERVICE,
  startService,
  STRANGER,
  type TestService,
} from "../support/service.ts";
import { shown } from "../support/stored.ts";

/** An active image of OWNER with the same bytes in each of these stores. */
const inStores = (...stores: string[]): Row["given"] => async (service) => {
  const { id } = await service.create(OWNER, { ...FORMATS, visibility: "community" });
  await service.upload(id, OWNER, "data");
  for (const store of stores.slice(1)) {
    await Deno.writeTextFile(`${service.dir}/${store}/${id}`, "data");
    const url = `file://${service.dir}/${store}/${id}`;
    await giveLocation(service.deps.db, { id, url, metadata: { store } });
  }
  return { id };
};

const takes = (name: string, store: string, left: string, more: Partial<Row> = {}): Row => ({
  name,
  who: ADMIN,
  given: inStores("a", "b"),
  ask: `DELETE /v2/stores/${store}/{id}`,
  status: 204,
  text: "",
  async then(service, { id }) {
    assert.equal((await shown(service, id!)).stores, left);
    assert.ok(!filesIn(`${service.dir}/${store}`).includes(id!));
    const data = await service.ask(`/v2/images/${id}/file`, OWNER);
    assert.deepEqual([data.status, await data.text()], [200, "data"]);
  },
  ...more,
});
const refuses = (status: number, name: string, more: Partial<Row> = {}): Row => ({
  name,
  who: ADMIN,
  given: inStores("a", "b"),
  ask: "DELETE /v2/stores/a/{id}",
  status,
  ...more,
});

Deno.test("one copy of several is deleted", async (t) => {
  await using service = await threeStores();
  await runTable(t, service, [
    takes("the second", "b", "a"),
    takes("the first", "a", "b"),
    ...[{}, { backend: "b" }].map((metadata) =>
      takes(`whose location says ${JSON.stringify(metadata)}`, "b", "a", {
        given: async (service) => {
          const given = await inStores("a", "b")!(service);
          await ageLocation(service.deps.db, { id: given.id!, store: "b", metadata });
          return given;
        },
      })
    ),
    takes("of three", "b", "a,c", { given: inStores("a", "b", "c") }),
    takes("whose data has vanished from the store", "b", "a", {
      given: async (service) => {
        const given = await inStores("a", "b")!(service);
        await Deno.remove(`${service.dir}/b/${given.id}`);
        return given;
      },
    }),
  ]);
});

Deno.test("copies that are not deleted", async (t) => {
  await using service = await threeStores();
  const unknown = () => Promise.resolve({ id: "none" });
  await runTable(t, service, [
    refuses(403, "the only copy", { given: inStores("a"), has: "the only store" }),
    refuses(403, "the only copy, and it is not there", {
      given: inStores("a"),
      ask: "DELETE /v2/stores/b/{id}",
    }),
    refuses(404, "a store without a copy", { ask: "DELETE /v2/stores/c/{id}" }),
    refuses(409, "a store that is not there", { ask: "DELETE /v2/stores/nowhere/{id}", has: "nowhere" }),
    refuses(409, "a store that is not there, before the image", {
      ask: "DELETE /v2/stores/nowhere/{id}",
      given: unknown,
    }),
    refuses(409, "the staging store", { ask: "DELETE /v2/stores/os_glance_staging_store/{id}" }),
    refuses(404, "an unknown image", { given: unknown, has: "Failed to find image none" }),
    refuses(403, "the owner", { who: OWNER, has: "delete_image_location" }),
    refuses(403, "a reader", { who: READER }),
    refuses(403, "another project", { who: STRANGER }),
    refuses(404, "a service without a role that reads", { who: SERVICE }),
    refuses(401, "nobody", { who: null }),
    ...(["queued", "saving", "importing", "deactivated"] as const).map((status) =>
      refuses(409, `while ${status}`, {
        given: status === "queued"
          ? async (service) => ({ id: (await service.create(OWNER, FORMATS)).id })
          : inStatus(status, FORMATS),
        has: "not 'active'",
      })
    ),
    ...["GET", "PUT", "POST", "PATCH"].map((method) =>
      refuses(405, "another method", { ask: `${method} /v2/stores/a/{id}`, gives: { allow: "DELETE" } })
    ),
  ]);
});

Deno.test("what the store's answer becomes", async (t) => {
  await using service = await threeStores();
  const store = service.deps.stores.byId("b")!;
  const real = store.delete.bind(store);
  const rows: [answer: ErrorCode, status: number][] = [
    ["store_not_found", 204],
    ["store_delete_not_supported", 204],
    ["store_in_use", 409],
    ["store_has_snapshot", 409],
    ["store_timeout", 503],
    ["store_gone", 503],
  ];
  for (const [answer, status] of rows) {
    await t.step(`${answer} → ${status}`, async () => {
      const { id } = await inStores("a", "b")!(service) as { id: string };
      store.delete = () => Promise.reject(new GlanceError(answer));
      const response = await service.ask(`/v2/stores/b/${id}`, ADMIN, { method: "DELETE" });
      store.delete = real;
      assert.equal(response.status, status, await response.text());
      assert.equal((await shown(service, id)).stores, status === 204 ? "a" : "a,b");
    });
  }
});

Deno.test("with delayed_delete the data waits", async () => {
  await using service = await threeStores({ "DEFAULT.delayed_delete": "true" });
  const { id } = await inStores("a", "b")!(service) as { id: string };
  assert.equal((await service.ask(`/v2/stores/b/${id}`, ADMIN, { method: "DELETE" })).status, 204);
  assert.equal((await shown(service, id)).stores, "a");
  assert.ok(filesIn(`${service.dir}/b`).includes(id));
});

Deno.test("in single-store mode: 404 before all else", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    refuses(404, "an administrator", { given: () => Promise.resolve({ id: "none" }) }),
    refuses(404, "anybody", { who: READER, given: () => Promise.resolve({ id: "none" }) }),
  ]);
});

Deno.test("both rules are asked, by the masks of images", async (t) => {
  const rules: [rules: Record<string, string>, status: number][] = [
    [{ get_image_location: "@", delete_image_location: "@" }, 204],
    [{ get_image_location: "!", delete_image_location: "@" }, 403],
    [{ get_image_location: "@", delete_image_location: "!" }, 403],
    [{ get_image_location: "@", delete_image_location: "!", get_image: "!" }, 404],
    [{ get_image_location: "!", delete_image_location: "@", get_image: "!" }, 404],
  ];
  const dir = await Deno.makeTempDir();
  try {
    for (const [policy, status] of rules) {
      await Deno.writeTextFile(`${dir}/policy.yaml`, JSON.stringify(policy));
      await using service = await startService({
        ...THREE_STORES,
        "oslo_policy.policy_file": `${dir}/policy.yaml`,
      });
      const given = inStores("a", "b") as (service: TestService) => Promise<{ id: string }>;
      await runTable(t, service, [
        { name: JSON.stringify(policy), given, ask: "DELETE /v2/stores/a/{id}", status },
      ]);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

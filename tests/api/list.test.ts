/** GET /v2/images: the answer, pages, scope (docs/reference/images-api.md §4.1–4.3, §9.7). */
import assert from "node:assert/strict";
import { fill, listed, names } from "../support/filled.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type Who } from "../support/service.ts";

const refuses = (query: string, has: string, row: Partial<Row> = {}): Row => ({
  name: query,
  ask: `GET /v2/images?${query}`,
  status: 400,
  has,
  ...row,
});

Deno.test("the answer: keys in order, links, nothing beside", async (t) => {
  await using service = await startService();
  await t.step("no images", async () => {
    const response = await service.ask("/v2/images", OWNER);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.equal(
      await response.text(),
      '{"images":[],"first":"/v2/images","schema":"/v2/schemas/images"}',
    );
  });
  const ids = await fill(service, ["a", "b", "c"].map((name) => ({ name })));
  await t.step("newest first", async () => {
    assert.deepEqual(await names(service, OWNER), ["c", "b", "a"]);
  });
  await t.step("the images are as shown one by one", async () => {
    const { images } = await listed(service, OWNER);
    for (const image of images) {
      assert.deepEqual(image, await (await service.ask(`/v2/images/${image.id}`, OWNER)).json());
    }
  });
  await t.step("next: at the end, after what was asked", async () => {
    const answer = await listed(service, OWNER, "limit=2&sort_key=name");
    assert.deepEqual(Object.keys(answer), ["images", "first", "schema", "next"]);
    assert.equal(answer.first, "/v2/images?limit=2&sort_key=name");
    assert.equal(answer.next, `/v2/images?limit=2&sort_key=name&marker=${ids.b}`);
    const last = await listed(service, OWNER, answer.next!.split("?")[1]);
    assert.deepEqual(last.images.map(({ name }) => name), ["a"]);
    assert.equal(last.first, "/v2/images?limit=2&sort_key=name");
    assert.ok(!("next" in last));
  });
  await t.step("a full page has next, even when nothing follows", async () => {
    const { next } = await listed(service, OWNER, "limit=3");
    assert.equal(next, `/v2/images?limit=3&marker=${ids.a}`);
    const { images, ...rest } = await listed(service, OWNER, next!.split("?")[1]);
    assert.deepEqual(images, []);
    assert.deepEqual(rest, { first: "/v2/images?limit=3", schema: "/v2/schemas/images" });
  });
  await t.step("links are form-encoded again, repeated parameters all kept, in order", async () => {
    const query =
      "name=in:%22a,b%22,c&tag=x%20y&tag=z&sort_key=name&sort_key=id&sort_dir=asc&sort_dir=desc&limit=0";
    const { first } = await listed(service, OWNER, query);
    assert.equal(
      first,
      "/v2/images?name=in%3A%22a%2Cb%22%2Cc&tag=x+y&tag=z&sort_key=name&sort_key=id&sort_dir=asc&sort_dir=desc&limit=0",
    );
  });
  await t.step("an empty query leaves no question mark", async () => {
    const response = await service.ask("/v2/images?", OWNER);
    assert.equal((await response.json()).first, "/v2/images");
  });
  await t.step("public_endpoint is not in the links", async () => {
    await using other = await startService({ "DEFAULT.public_endpoint": "https://images.example/image" });
    assert.equal((await listed(other, OWNER)).first, "/v2/images");
  });
  await t.step("a body is ignored", async () => {
    const response = await service.ask("/v2/images", OWNER, { headers: { "content-length": "5" } });
    assert.equal(response.status, 200);
  });
  await t.step("a reader may list", async () => {
    assert.deepEqual(await names(service, READER), ["c", "b", "a"]);
  });
  await t.step("nobody: 401", async () => {
    assert.equal((await service.ask("/v2/images", null)).status, 401);
  });
});

Deno.test("limit and marker", async (t) => {
  await using service = await startService({
    "DEFAULT.limit_param_default": "3",
    "DEFAULT.api_limit_max": "5",
  });
  const letters = ["a", "b", "c", "d", "e", "f", "g"];
  const ids = await fill(service, letters.map((name) => ({ name })));
  const hidden = await fill(service, [{
    name: "private of p2",
    who: STRANGER,
    body: { visibility: "private" },
  }, {
    name: "gone",
  }, { name: "hidden", body: { os_hidden: true } }]);
  await service.ask(`/v2/images/${hidden.gone}`, OWNER, { method: "DELETE" });
  const pages: [query: string, names: string[]][] = [
    ["", ["g", "f", "e"]],
    ["limit=2", ["g", "f"]],
    ["limit=5", ["g", "f", "e", "d", "c"]],
    ["limit=1000", ["g", "f", "e", "d", "c"]],
    ["limit=0", []],
    ["limit=%2B2", ["g", "f"]],
    ["limit=%202%20", ["g", "f"]],
    [`marker=${ids.e}`, ["d", "c", "b"]],
    [`marker=${ids.a}`, []],
    [`marker=${ids.e}&name=in:f,c`, ["c"]],
    [`marker=${ids.c}&sort=name:asc`, ["d", "e", "f"]],
    [`marker=${ids.a}&marker=${ids.e}`, ["d", "c", "b"]],
    // It need not be of the list: after it comes what would.
    [`marker=${hidden.hidden}`, ["g", "f", "e"]],
  ];
  for (const [query, wanted] of pages) {
    await t.step(
      query || "neither",
      async () => assert.deepEqual(await names(service, OWNER, query), wanted),
    );
  }
  await t.step("limit=0 has no next", async () => {
    assert.ok(!("next" in await listed(service, OWNER, "limit=0")));
  });
  await runTable(t, service, [
    refuses("limit=-1", "limit param must be positive"),
    refuses("limit=", "limit param must be an integer"),
    refuses("limit=two", "limit param must be an integer"),
    refuses("limit=1.5", "limit param must be an integer"),
    refuses("marker=none", "No image found with ID none"),
    refuses("marker=", "No image found with ID "),
    refuses(`marker=${hidden.gone}`, `No image found with ID ${hidden.gone}`),
    refuses(`marker=${hidden["private of p2"]}`, `No image found with ID ${hidden["private of p2"]}`),
  ]);
  await t.step("all pages together hold every image once, whatever comes and goes between them", async () => {
    const seen: string[] = [];
    let query = "limit=2";
    for (let page = 0;; page++) {
      const { images, next } = await listed(service, OWNER, query);
      seen.push(...images.map(({ name }) => name!));
      if (!next) break;
      query = next.split("?")[1]!;
      if (page === 0) await fill(service, [{ name: "new" }]);
      if (page === 1) await service.ask(`/v2/images/${ids.f}`, OWNER, { method: "DELETE" });
    }
    assert.deepEqual(seen, letters.toReversed());
  });
});

const THIRD: Who = { roles: "member,reader", project: "p3" };
const NO_PROJECT: Who = { roles: "member,reader" };

Deno.test("scope: who sees what in a list", async (t) => {
  await using service = await startService();
  const kinds = ["public", "private", "shared", "community"];
  await fill(service, [
    ...kinds.map((visibility) => ({
      name: `p1 ${visibility}`,
      who: visibility === "public" ? ADMIN : OWNER,
      body: {
        visibility,
        ...(visibility === "public" ? { owner: "p1" } : {}),
      },
    })),
    { name: "p2 private", who: STRANGER, body: { visibility: "private" } },
    { name: "p2 community", who: STRANGER, body: { visibility: "community" } },
    { name: "p1 pending", member: ["p2", "pending"] },
    { name: "p1 accepted", member: ["p2", "accepted"] },
    { name: "p1 rejected", member: ["p2", "rejected"] },
    { name: "p1 was shared", member: ["p2", "accepted"], columns: { visibility: "private" } },
    ...kinds.map((visibility) => ({
      name: `nobody ${visibility}`,
      who: ADMIN,
      body: { visibility, owner: null },
    })),
  ]);
  const own = [
    "p1 public",
    "p1 private",
    "p1 shared",
    "p1 pending",
    "p1 accepted",
    "p1 rejected",
    "p1 was shared",
  ];
  const p2 = ["p2 private", "p2 community"];
  const publics = ["p1 public", "nobody public"];
  const communities = ["p1 community", "p2 community", "nobody community"];
  const rows: [who: Who, query: string, names: string[]][] = [
    [OWNER, "", [...own, "p1 community", "nobody public"]],
    [OWNER, "visibility=public", publics],
    [OWNER, "visibility=private", ["p1 private", "p1 was shared"]],
    [OWNER, "visibility=shared", ["p1 shared", "p1 pending", "p1 accepted", "p1 rejected"]],
    [OWNER, "visibility=community", communities],
    [OWNER, "visibility=all", [...own, "nobody public", ...communities]],
    [STRANGER, "", [...p2, ...publics, "p1 accepted"]],
    [STRANGER, "member_status=accepted", [...p2, ...publics, "p1 accepted"]],
    [STRANGER, "member_status=pending", [...p2, ...publics, "p1 pending"]],
    [STRANGER, "member_status=rejected", [...p2, ...publics, "p1 rejected"]],
    [STRANGER, "member_status=all", [...p2, ...publics, "p1 pending", "p1 accepted", "p1 rejected"]],
    [STRANGER, "visibility=public&member_status=all", publics],
    [STRANGER, "visibility=private", ["p2 private"]],
    [STRANGER, "visibility=shared", ["p1 accepted"]],
    [STRANGER, "visibility=shared&member_status=pending", ["p1 pending"]],
    [STRANGER, "visibility=shared&member_status=all", ["p1 pending", "p1 accepted", "p1 rejected"]],
    [STRANGER, "visibility=community", communities],
    [STRANGER, "visibility=all", ["p2 private", ...publics, "p1 accepted", ...communities]],
    [STRANGER, "owner=p1", ["p1 public", "p1 accepted"]],
    [STRANGER, "owner=p2", p2],
    [STRANGER, "owner=nobody", []],
    [STRANGER, "visibility=", []],
    [THIRD, "", publics],
    [THIRD, "visibility=shared", []],
    [NO_PROJECT, "", publics],
    [ADMIN, "", [...own, "p2 private", "nobody public", "nobody private", "nobody shared"]],
    [ADMIN, "visibility=public", publics],
    [ADMIN, "visibility=private", ["p1 private", "p1 was shared", "p2 private", "nobody private"]],
    [ADMIN, "visibility=shared", ["p1 shared", "p1 pending", "p1 accepted", "p1 rejected", "nobody shared"]],
    [ADMIN, "visibility=community", communities],
    [
      ADMIN,
      "visibility=all",
      [...own, "p2 private", "nobody public", "nobody private", "nobody shared", ...communities],
    ],
  ];
  for (const [who, query, wanted] of rows) {
    await t.step(`${who.project ?? "no project"} ?${query}`, async () => {
      assert.deepEqual((await names(service, who, query)).toSorted(), wanted.toSorted());
    });
  }
  await runTable(t, service, [
    refuses("visibility=hidden", "Invalid visibility value: hidden"),
    refuses("visibility=Public", "Invalid visibility value: Public"),
    refuses("member_status=unknown", "Invalid status: unknown"),
    refuses("member_status=", "Invalid status: "),
  ]);
});

Deno.test("os_hidden", async (t) => {
  await using service = await startService();
  await fill(service, [{ name: "plain" }, { name: "hidden", body: { os_hidden: true } }]);
  const rows: [query: string, names: string[]][] = [
    ["", ["plain"]],
    ["os_hidden=false", ["plain"]],
    ["os_hidden=true", ["hidden"]],
    ["os_hidden=True", ["hidden"]],
    ["os_hidden=FALSE", ["plain"]],
    ["os_hidden=false&os_hidden=true", ["hidden"]],
  ];
  for (const [query, wanted] of rows) {
    for (const who of [OWNER, ADMIN]) {
      await t.step(
        `${who.project} ?${query}`,
        async () => assert.deepEqual(await names(service, who, query), wanted),
      );
    }
  }
  await runTable(t, service, [refuses("os_hidden=yes", "os_hidden"), refuses("os_hidden=", "os_hidden")]);
});

Deno.test("images that are in no list", async () => {
  await using service = await startService();
  const ids = await fill(service, [{ name: "killed" }, { name: "deleted" }, { name: "there" }]);
  await service.deps.db.write.images.transition({
    id: ids.killed!,
    from: ["queued"],
    to: "killed",
    limit: null,
  });
  await service.ask(`/v2/images/${ids.deleted}`, OWNER, { method: "DELETE" });
  for (const query of ["", "status=killed", "status=deleted", "visibility=all", "deleted=true"]) {
    const wanted = query.startsWith("status") ? [] : ["there"];
    assert.deepEqual(await names(service, ADMIN, query), wanted, query);
  }
  assert.equal((await service.ask(`/v2/images/${ids.killed}`, OWNER)).status, 200);
});

Deno.test("policy: get_images refuses the list, get_image takes rows out of it", async () => {
  const dir = await Deno.makeTempDir();
  const file = `${dir}/policy.yaml`;
  await Deno.writeTextFile(
    file,
    '"get_image": "not role:blind and (role:admin or project_id:%(project_id)s)"\n"get_images": "not role:barred"\n',
  );
  try {
    await using service = await startService({ "oslo_policy.policy_file": file });
    const ids = await fill(service, [
      { name: "public", who: ADMIN, body: { visibility: "public" } },
      { name: "mine" },
    ]);
    assert.deepEqual(await names(service, ADMIN), ["mine", "public"]);
    const { images, next } = await listed(service, OWNER, "limit=2");
    assert.deepEqual(images.map(({ name }) => name), ["mine"]);
    assert.equal(next, `/v2/images?limit=2&marker=${ids.public}`);
    const barred = await service.ask("/v2/images", { ...OWNER, roles: "member,reader,barred" });
    assert.equal(barred.status, 403);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

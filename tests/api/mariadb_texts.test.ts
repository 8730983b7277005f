/** Texts that differ and yet are the same to MariaDB, or that its columns cannot hold. The other tests run there too. */
import assert from "node:assert/strict";
import { MARIADB } from "../support/mariadb_database.ts";
import { ADMIN, OWNER, PATCH_TYPE, startService, type TestService } from "../support/service.ts";

const EMOJI = encodeURIComponent("😀");
const NAMESPACES = "/v2/metadefs/namespaces";

async function names(service: TestService, query: string): Promise<unknown[]> {
  const response = await service.ask(`/v2/images?${query}`, OWNER);
  assert.equal(response.status, 200, query);
  const { images } = await response.json();
  return images.map(({ name }: { name: string }) => name).toSorted();
}

async function status(service: TestService, ask: string, body?: unknown): Promise<number> {
  const [method, path] = ask.split(" ") as [string, string];
  const headers = method === "PATCH" ? { "content-type": PATCH_TYPE } : undefined;
  const response = await service.ask(path, ADMIN, { method, body, ...(headers ? { headers } : {}) });
  await response.body?.cancel();
  return response.status;
}

Deno.test({
  name: "MariaDB: texts are found, and collide, as its collation compares them",
  ignore: MARIADB === null,
  async fn(t) {
    await using service = await startService();
    const { id } = await service.create(OWNER, { name: "Foo", tags: ["Red"], Kind: "Value" });
    for (const name of ["foo", "foo ", "Fü"]) await service.create(OWNER, { name });

    await t.step("filters ignore case, accents and trailing blanks", async () => {
      assert.deepEqual(await names(service, "name=FOO"), ["Foo", "foo", "foo "]);
      assert.deepEqual(await names(service, "name=fu"), ["Fü"]);
      assert.deepEqual(await names(service, "name=in:foo,fu"), ["Foo", "Fü", "foo", "foo "]);
      assert.deepEqual(await names(service, "tag=red"), ["Foo"]);
      assert.deepEqual(await names(service, "Kind=value%20"), ["Foo"]);
    });

    await t.step("no image has a text that the columns cannot hold", async () => {
      for (const key of ["name", "id", "tag", "owner", "checksum", "Kind", EMOJI]) {
        assert.deepEqual(await names(service, `${key}=${EMOJI}`), [], key);
      }
      assert.deepEqual(await names(service, `name=in:fu,${EMOJI}`), ["Fü"]);
      assert.equal(await status(service, `GET /v2/images/${EMOJI}`), 404);
      assert.equal(await status(service, `GET /v2/images?marker=${EMOJI}`), 400);
      assert.equal(await status(service, `GET /v2/images/${id}/members/${EMOJI}`), 404);
      assert.equal(await status(service, `GET ${NAMESPACES}/${EMOJI}`), 404);
    });

    await t.step("a property does not take the row of another one", async () => {
      const set = [{ op: "add", path: "/kind", value: "other" }];
      const refused = await service.patch(id, OWNER, set);
      assert.equal(refused.status, 400);
      assert.match(await refused.text(), /'kind'/);
      assert.equal(await status(service, "POST /v2/images", { a: "1", A: "2" }), 400);
      assert.equal(await status(service, "POST /v2/images", { a: "1", "a ": "2" }), 400);
      assert.equal((await (await service.ask(`/v2/images/${id}`, OWNER)).json()).Kind, "Value");
      const renamed = [{ op: "remove", path: "/Kind" }, ...set];
      const done = await service.patch(id, OWNER, renamed);
      assert.equal(done.status, 200);
      const { Kind, kind } = await done.json();
      assert.deepEqual([Kind, kind], [undefined, "other"]);
    });

    await t.step("tags that differ in case are two", async () => {
      assert.equal(await status(service, `PUT /v2/images/${id}/tags/red`), 204);
      assert.equal(await status(service, `DELETE /v2/images/${id}/tags/red`), 204);
      const { tags } = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
      assert.deepEqual(tags, ["Red"]);
    });

    await t.step("a member is one in any letters", async () => {
      const members = `/v2/images/${id}/members`;
      assert.equal(await status(service, `POST ${members}`, { member: "Project" }), 200);
      assert.equal(await status(service, `POST ${members}`, { member: "project" }), 409);
      assert.equal(await status(service, `PUT ${members}/PROJECT`, { status: "accepted" }), 200);
      assert.equal(await status(service, `DELETE ${members}/project`), 204);
      assert.equal(await status(service, `POST ${members}`, { member: "project" }), 200);
      assert.equal((await (await service.ask(members, OWNER)).json()).members[0].member_id, "project");
    });

    await t.step("an id in capitals is the same id", async () => {
      assert.equal(await status(service, `GET /v2/images/${id.toUpperCase()}`), 200);
      assert.equal(await status(service, "POST /v2/images", { id: id.toUpperCase() }), 409);
    });

    await t.step("definitions are one in any letters, and can change them", async () => {
      const property = { title: "t", type: "string" };
      assert.equal(await status(service, `POST ${NAMESPACES}`, { namespace: "Space" }), 201);
      assert.equal(await status(service, `POST ${NAMESPACES}`, { namespace: "space" }), 409);
      assert.equal(
        await status(service, `POST ${NAMESPACES}/Space/properties`, { name: "Aa", ...property }),
        201,
      );
      assert.equal(
        await status(service, `POST ${NAMESPACES}/space/properties`, { name: "aa", ...property }),
        409,
      );
      assert.equal(
        await status(service, `PUT ${NAMESPACES}/space/properties/Aa`, { name: "AA", ...property }),
        200,
      );
      assert.equal(await status(service, `PUT ${NAMESPACES}/space`, { namespace: "SPACE" }), 200);
      assert.equal(await status(service, `POST ${NAMESPACES}/space/resource_types`, { name: "OS::A" }), 201);
      assert.equal(await status(service, `POST ${NAMESPACES}/space/resource_types`, { name: "os::a" }), 409);
      assert.equal(await status(service, `POST ${NAMESPACES}/space/resource_types`, { name: "😀" }), 400);
    });
  },
});

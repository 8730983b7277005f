/** The database's file is moved away, replaced or deleted under a running service: nothing is written where nobody looks. */
import assert from "node:assert/strict";
import { FORMATS } from "../support/imports.ts";
import { recordLog } from "../support/logged.ts";
import { until } from "../support/served.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";
import { ON_MARIADB } from "../support/test_database.ts";

const away: [name: string, strike: (path: string) => Promise<void>][] = [
  ["moved", (path) => Deno.rename(path, `${path}.old`)],
  ["replaced by a copy", async (path) => {
    await Deno.rename(path, `${path}.old`);
    await Deno.copyFile(`${path}.old`, path);
  }],
];

for (const [name, strike] of away) {
  const test = `${name}: ERROR, 503 for writes, reads go on; back in its place all does`;
  Deno.test(test, { ignore: ON_MARIADB }, async () => {
    await using service = await startService();
    const path = `${service.dir}/glance.sqlite`;
    const { id } = await service.create(OWNER, FORMATS);
    const create = () => service.ask("/v2/images", OWNER, { method: "POST", body: FORMATS });
    const put = () =>
      service.ask(`/v2/images/${id}/file`, OWNER, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: "data",
      });
    using log = recordLog();
    await strike(path);
    await until("a write is refused", async () => (await create()).status === 503);
    const count = async () => (await (await service.ask("/v2/images", ADMIN)).json()).images.length;
    const before = await count();
    const asks = [
      create(),
      put(),
      service.patch(id, OWNER, [{ op: "replace", path: "/name", value: "x" }]),
      service.ask(`/v2/images/${id}`, OWNER, { method: "DELETE" }),
    ];
    for (const response of await Promise.all(asks)) {
      assert.equal(response.status, 503);
      assert.match(await response.text(), /its file is not in its place any more/);
    }
    assert.equal(await count(), before);
    const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
    assert.deepEqual([image.status, image.name], ["queued", null]);
    const said = log.lines().filter((line) =>
      line.includes(`the database ${path} was moved, replaced or deleted`)
    );
    assert.equal(said.length, 1);
    assert.match(said[0]!, /^ERROR /);

    await Deno.rename(`${path}.old`, path);
    await until("a write is taken", async () => (await put()).status === 204);
    assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), "data");
  });
}

/**
 * Debian's Glance and oneglance at the same time on one MariaDB, one set of file stores and one staging area: what one
 * of them wrote, the other takes as it is. Each step runs in both directions.
 */
import assert from "node:assert/strict";
import { MARIADB_COMMANDS } from "../engines/mariadb.ts";
import { missing } from "../support/installed.ts";
import { filesIn, until } from "../support/served.ts";
import {
  ADMIN,
  ask,
  becomes,
  create,
  DATA,
  type DataServer,
  dataServer,
  downloads,
  IMPORT,
  SET,
  shown,
  slowBody,
  STRANGER,
} from "./support/beside.ts";
import { type Fleet, type Node, startFleet } from "./support/fleet.ts";
import { GLANCE_COMMANDS } from "./support/glance.ts";
import { newDatabase } from "./support/mariadb.ts";

const ignore = missing(...MARIADB_COMMANDS, ...GLANCE_COMMANDS, "haproxy");

/** One of them begins something, the other goes on. */
interface Sides {
  a: Node;
  b: Node;
  both: Node[];
  fleet: Fleet;
  /** Of a server of DATA. */
  web: DataServer;
}

const STEPS: Record<string, (sides: Sides) => Promise<void>> = {
  async "records: properties, tags, visibility, and what PATCH does to them"({ a, b, both }) {
    const id = await create(a, { name: "Größe", os_type: "linux", gone: "soon", tags: ["red", "blue"] });
    assert.deepEqual((await shown(both, id)).tags.sort(), ["blue", "red"]);
    await ask(b, `PATCH /v2/images/${id}`, {
      body: [
        { op: "replace", path: "/name", value: "after" },
        { op: "replace", path: "/os_type", value: "windows" },
        { op: "add", path: "/new", value: "here" },
        { op: "remove", path: "/gone" },
        { op: "replace", path: "/tags", value: ["blue", "green"] },
      ],
    });
    await ask(b, `PUT /v2/images/${id}/tags/late`);
    await ask(a, `DELETE /v2/images/${id}/tags/blue`);
    // What was removed comes back: the row of a deleted property or tag may still be there.
    await ask(a, `PATCH /v2/images/${id}`, { body: [{ op: "add", path: "/gone", value: "again" }] });
    await ask(b, `PUT /v2/images/${id}/tags/blue`);
    const image = await shown(both, id);
    assert.deepEqual([image.name, image.os_type, image.new, image.gone], [
      "after",
      "windows",
      "here",
      "again",
    ]);
    assert.deepEqual(image.tags.sort(), ["blue", "green", "late"]);
    for (const node of both) {
      const { images } = (await ask(node, "GET /v2/images?os_type=windows&tag=late&tag=blue")).json;
      assert.ok(images.some((each: { id: string }) => each.id === id));
    }
  },

  async "data: created here, uploaded there, downloaded here; deactivated, reactivated"({ a, b, both }) {
    const id = await create(a);
    await ask(b, `PUT /v2/images/${id}/file`, { body: DATA, expected: 204 });
    const image = await shown(both, id);
    assert.deepEqual([image.status, image.size, image.stores], ["active", DATA.length, "first"]);
    for (const node of both) await downloads(node, id);
    await ask(a, `POST /v2/images/${id}/actions/deactivate`, { who: ADMIN });
    for (const node of both) await ask(node, `GET /v2/images/${id}/file`, { expected: 403 });
    await ask(b, `POST /v2/images/${id}/actions/reactivate`, { who: ADMIN });
    for (const node of both) await downloads(node, id);
    for (const node of both) await ask(node, `PUT /v2/images/${id}/file`, { body: DATA, expected: 409 });
  },

  async "staged here, imported there, copied here, removed from a store there, deleted here"(
    { a, b, both, fleet },
  ) {
    const id = await create(a);
    await ask(a, `PUT /v2/images/${id}/stage`, { body: DATA, expected: 204 });
    assert.equal((await shown(both, id)).status, "uploading");
    await ask(b, `POST /v2/images/${id}/import`, {
      body: { method: { name: "glance-direct" }, ...IMPORT },
      expected: 202,
    });
    await becomes(a, id, "active");
    await downloads(a, id);
    assert.deepEqual(filesIn(`${fleet.folder}/staging`).filter((name) => name.includes(id)), []);
    const copy = { method: { name: "copy-image" }, all_stores: false, stores: ["second"] };
    await ask(a, `POST /v2/images/${id}/import`, { body: copy, who: ADMIN, expected: 202 });
    await until("copied", async () => (await ask(b, `GET /v2/images/${id}`)).json.stores === "first,second");
    await becomes(b, id, "active");
    const tasks = await Promise.all(
      both.map(async (node) => (await ask(node, `GET /v2/images/${id}/tasks`, { who: ADMIN })).json.tasks),
    );
    // Both tasks may be of one second, and then have no order.
    const brief = tasks.map((of) =>
      of.map(({ id, status, type }: Record<string, string>) => ({ id, status, type }))
        .toSorted((x: { id: string }, y: { id: string }) => x.id < y.id ? -1 : 1)
    );
    assert.deepEqual(brief[0], brief[1]);
    assert.deepEqual(brief[0].map(({ status }: { status: string }) => status), ["success", "success"]);
    await ask(b, `DELETE /v2/stores/first/${id}`, { who: ADMIN, expected: 204 });
    assert.equal((await shown(both, id)).stores, "second");
    await downloads(a, id);
    await ask(a, `DELETE /v2/images/${id}`, { expected: 204 });
    for (const node of both) await ask(node, `GET /v2/images/${id}`, { expected: 404 });
    for (const store of ["first", "second"]) {
      assert.deepEqual(filesIn(`${fleet.folder}/${store}`).filter((name) => name.includes(id)), []);
    }
    for (const node of both) {
      await ask(node, "POST /v2/images", { body: { id, disk_format: "raw" }, expected: 409 });
    }
  },

  async "members: shared here, accepted there, withdrawn here"({ a, b, both }) {
    const id = await create(a, { visibility: "shared" });
    await ask(a, `POST /v2/images/${id}/members`, { body: { member: "p2" } });
    await ask(b, `PUT /v2/images/${id}/members/p2`, { who: STRANGER, body: { status: "accepted" } });
    for (const node of both) {
      const { members } = (await ask(node, `GET /v2/images/${id}/members`)).json;
      assert.deepEqual(members.map((each: { status: string }) => each.status), ["accepted"]);
      const { images } = (await ask(node, "GET /v2/images?visibility=shared", { who: STRANGER })).json;
      assert.ok(images.some((each: { id: string }) => each.id === id));
    }
    await ask(a, `DELETE /v2/images/${id}/members/p2`, { expected: 204 });
    for (const node of both) await ask(node, `GET /v2/images/${id}`, { who: STRANGER, expected: 404 });
    await ask(b, `POST /v2/images/${id}/members`, { body: { member: "p2" } });
    await shown(both, id, STRANGER);
  },

  async "locations: added here, read there, removed there"({ a, b, both, web }) {
    const id = await create(a);
    const at = `PATCH /v2/images/${id}`;
    const add = (name: string) => {
      const value = { url: `${web.url}/${name}`, metadata: { colour: name } };
      return { who: ADMIN, body: [{ op: "add", path: "/locations/-", value }] };
    };
    await ask(a, at, add("green"));
    const image = await shown(both, id);
    assert.deepEqual([image.status, image.locations[0].url, image.locations[0].metadata.colour], [
      "active",
      `${web.url}/green`,
      "green",
    ]);
    await downloads(b, id);
    await ask(b, at, add("blue"));
    await ask(b, at, { who: ADMIN, body: [{ op: "remove", path: "/locations/0" }] });
    const { locations } = await shown(both, id);
    assert.deepEqual(locations.map(({ url }: { url: string }) => url), [`${web.url}/blue`]);
    await downloads(a, id);
  },

  async "metadata definitions"({ a, b, both }) {
    const name = `OS::Beside::${a.program}`;
    const at = `/v2/metadefs/namespaces/${name}`;
    await ask(a, "POST /v2/metadefs/namespaces", {
      who: ADMIN,
      body: { namespace: name, visibility: "public" },
    });
    const property = { name: "cores", title: "Cores", type: "integer", minimum: 1 };
    await ask(b, `POST ${at}/properties`, { who: ADMIN, body: property });
    await ask(b, `POST ${at}/objects`, {
      who: ADMIN,
      body: { name: "cpu", properties: { cores: property } },
    });
    await ask(a, `POST ${at}/tags/fast`, { who: ADMIN });
    await ask(b, `POST ${at}/resource_types`, {
      who: ADMIN,
      body: { name: "OS::Glance::Image", prefix: "hw_" },
    });
    const [first, second] = await Promise.all(both.map(async (node) => (await ask(node, `GET ${at}`)).json));
    assert.deepEqual(first, second);
    assert.deepEqual([first.properties.cores.minimum, first.objects[0].name, first.tags[0].name], [
      1,
      "cpu",
      "fast",
    ]);
    await ask(a, `DELETE ${at}`, { who: ADMIN, expected: 204 });
    for (const node of both) await ask(node, `GET ${at}`, { expected: 404 });
  },

  async "tasks and their lists are the same"({ both, web, a }) {
    const id = await create(a);
    const body = { method: { name: "web-download", uri: `${web.url}/data` }, ...IMPORT };
    await ask(a, `POST /v2/images/${id}/import`, { body, expected: 202 });
    await becomes(a, id, "active");
    const lists = await Promise.all(
      both.map(async (node) => (await ask(node, "GET /v2/tasks?limit=100", { who: ADMIN })).json.tasks),
    );
    assert.deepEqual(lists[0], lists[1]);
  },

  async "an upload in progress: the other refuses a second one and deletes the image; nothing is left"(
    { a, b, both, fleet },
  ) {
    for (const doomed of [false, true]) {
      const id = await create(b);
      const { body, finish } = slowBody(DATA.subarray(0, 1000), DATA.subarray(1000));
      const upload = ask(a, `PUT /v2/images/${id}/file`, { body, expected: doomed ? 410 : 204 }).then(
        () => null,
        (error) => error,
      );
      await until("saving", async () => (await ask(b, `GET /v2/images/${id}`)).json.status === "saving");
      await ask(b, `PUT /v2/images/${id}/file`, { body: DATA, expected: 409 });
      if (doomed) await ask(b, `DELETE /v2/images/${id}`, { expected: 204 });
      finish();
      const failure = await upload;
      if (failure && !(doomed && / 404 /.test(failure.message))) throw failure;
      if (!doomed) { for (const node of both) await downloads(node, id); }
      else {
        await until("removed", () => filesIn(`${fleet.folder}/first`).every((name) => !name.includes(id)));
        for (const node of both) await ask(node, `GET /v2/images/${id}`, { expected: 404 });
      }
    }
  },

  async "an import in progress keeps its lock from the other"({ a, b, both, web }) {
    const id = await create(b);
    const body = { method: { name: "web-download", uri: `${web.url}/slow` }, ...IMPORT };
    await ask(a, `POST /v2/images/${id}/import`, { body, expected: 202 });
    await until("importing", async () => (await ask(b, `GET /v2/images/${id}`)).json.os_glance_import_task);
    await ask(b, `POST /v2/images/${id}/import`, { body, expected: 409 });
    await web.finish();
    await becomes(b, id, "active");
    for (const node of both) await downloads(node, id);
  },
};

Deno.test({ name: "Glance and oneglance on one MariaDB", ignore }, async (t) => {
  await using database = await newDatabase();
  const fleet = await startFleet(["glance", "oneglance"], {
    connection: database.connection,
    selfReference: false,
    set: SET,
  });
  const web = dataServer(DATA);
  try {
    for (const [name, step] of Object.entries(STEPS)) {
      for (const [first, second] of [[0, 1], [1, 0]] as const) {
        const [a, b] = [fleet.nodes[first]!, fleet.nodes[second]!];
        await t.step(`${a.program} first: ${name}`, () => step({ a, b, both: fleet.nodes, fleet, web }));
      }
    }
  } finally {
    await web.stop();
    await fleet.stop();
  }
});

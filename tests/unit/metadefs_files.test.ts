/** Catalogue files: loaded in every mode, written again, unloaded (docs/reference/metadefs-api.md §11). */
import assert from "node:assert/strict";
import type { Database } from "../../db/database.ts";
import { parseNamespace } from "../../src/metadefs/bodies.ts";
import { CATALOGUE, OWN, shippedNamespaces } from "../../src/metadefs/catalogue.ts";
import { readCatalogueFile } from "../../src/metadefs/catalogue_file.ts";
import { everyNamespace, exportFiles } from "../../src/metadefs/export.ts";
import { loadFiles, loadMode, loadNamespaces } from "../../src/metadefs/load.ts";
import { ADMIN, withDatabase } from "../support/temp_database.ts";
import { ON_MARIADB } from "../support/test_database.ts";

const FILE = {
  namespace: "My::Namespace",
  display_name: "My_name, space!",
  description: "Text",
  visibility: "public",
  protected: true,
  resource_type_associations: [{ name: "R1", prefix: "r_" }, { name: "R2", properties_target: "image" }],
  properties: {
    p1: { title: "P", type: "integer", default: 7, odd: ["as", "it", "is"] },
    p2: { title: "Q", type: "string" },
  },
  objects: [{ name: "o1", description: "O", properties: { inner: { title: "I", type: "string" } } }, {
    name: "o2",
  }],
  tags: [{ name: "t1" }, { name: "t2" }],
};

async function withFiles(
  files: Record<string, unknown>,
  action: (db: Database, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(
        `${folder}/${name}`,
        typeof content === "string" ? content : JSON.stringify(content),
      );
    }
    await withDatabase((db) => action(db, folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function shown(db: Database, name = FILE.namespace) {
  const namespace = await db.read.metadefs.namespace({ name, viewer: ADMIN });
  assert.ok(namespace);
  return { ...namespace, ...await db.read.metadefs.contents({ namespaceId: namespace.id }) };
}

/** What a file says, with what stands for the unsaid. */
// deno-lint-ignore no-explicit-any
function complete(file: any) {
  const { owner: _, ...rest } = file;
  return {
    display_name: null,
    description: null,
    visibility: null,
    protected: null,
    ...rest,
    resource_type_associations: (file.resource_type_associations ?? []).map((
      each: Record<string, unknown>,
    ) => ({
      prefix: null,
      properties_target: null,
      ...each,
    })),
    properties: file.properties ?? {},
    objects: (file.objects ?? []).map((each: Record<string, unknown>) => ({
      description: null,
      properties: {},
      ...each,
    })),
    tags: file.tags ?? [],
  };
}

/** Loads, exports, and compares what was written with what was read. */
async function roundTrip(db: Database, source: string): Promise<number> {
  const loaded = await loadFiles(db, source, "keep");
  const target = await Deno.makeTempDir();
  try {
    const written = await exportFiles(db, `${target}/`);
    assert.equal(written.length, loaded.length);
    const byNamespace = new Map(written.map((path) => {
      const document = JSON.parse(Deno.readTextFileSync(path));
      return [document.namespace, document];
    }));
    for (const { file } of loaded) {
      const document = JSON.parse(await Deno.readTextFile(file));
      const back = byNamespace.get(document.namespace);
      const sorted = (objects: { name: string }[]) => objects.toSorted((a, b) => a.name < b.name ? -1 : 1);
      const wanted = complete(document);
      // Associations of one second have no order on MariaDB.
      const comparable = (each: typeof wanted) => ({
        ...each,
        objects: sorted(each.objects),
        resource_type_associations: ON_MARIADB
          ? sorted(each.resource_type_associations)
          : each.resource_type_associations,
      });
      assert.deepEqual(comparable(back), comparable(wanted), file);
    }
    return loaded.length;
  } finally {
    await Deno.remove(target, { recursive: true });
  }
}

Deno.test("a file is loaded whole: rows without a time of change, types protected, bodies as they are", () =>
  withFiles({ "a.json": FILE, "b.txt": "not a catalogue file" }, async (db, folder) => {
    assert.deepEqual(await loadFiles(db, folder, "keep"), [
      { file: `${folder}/a.json`, namespace: FILE.namespace, outcome: "inserted" },
    ]);
    const { objects, properties, tags, associations, ...namespace } = await shown(db);
    assert.equal(namespace.owner, "admin");
    for (const row of [namespace, ...objects, ...properties, ...tags, ...associations]) {
      assert.match(row.created_at, /^20/);
      assert.equal(row.updated_at, null);
    }
    assert.deepEqual(properties.map(({ name, schema }) => [name, schema]), Object.entries(FILE.properties));
    assert.deepEqual(objects.map(({ name, schema }) => [name, schema]), [
      ["o1", FILE.objects[0]!.properties],
      ["o2", {}],
    ]);
    for (const type of await db.read.metadefs.resourceTypes()) assert.equal(type.protected, true);
  }));

Deno.test("what is written is what was loaded", () =>
  withFiles({ "a.json": FILE, "b.json": { namespace: "bare" } }, async (db, folder) => {
    assert.equal(await roundTrip(db, folder), 2);
  }));

Deno.test("files are named by display names, or by namespaces where two would be one", () =>
  withFiles(
    {
      "a.json": FILE,
      "b.json": { namespace: "no::name" },
      "c.json": { namespace: "z", display_name: "Myname-space" },
    },
    async (db, folder) => {
      await loadFiles(db, folder, "keep");
      const written = await exportFiles(db, `${folder}/out-`);
      assert.deepEqual(written.map((path) => path.slice(folder.length)), [
        "/out-Mynamespace.json",
        "/out-noname.json",
        "/out-z.json",
      ]);
      assert.equal((await Deno.readTextFile(written[0]!)).trimEnd().includes("\n"), false);
      await assert.rejects(exportFiles(db, `${folder}/none/`), { code: "internal" });
    },
  ));

Deno.test("the four modes on a namespace that is there", () =>
  withFiles({ "a.json": FILE }, async (db, folder) => {
    const [path] = [`${folder}/a.json`];
    const viaApi = {
      columns: {
        namespace: FILE.namespace,
        display_name: "Mine",
        description: null,
        visibility: "private",
        protected: false,
        owner: "me",
      },
      associations: [{ name: "R1", prefix: "mine_", properties_target: null }],
      objects: [],
      properties: [{ name: "p1", description: null, required: [], schema: { title: "mine" } }, {
        name: "own",
        description: null,
        required: [],
        schema: {},
      }],
      tags: [],
    };
    const outcome = async (mode: Parameters<typeof loadFiles>[2]) => {
      const [result] = await loadFiles(db, path!, mode);
      return result && "outcome" in result ? result.outcome : result;
    };
    await db.write.metadefs.createNamespace(viaApi);

    assert.equal(await outcome("keep"), "skipped");
    assert.deepEqual((await shown(db)).properties.map(({ name }) => name), ["own", "p1"].toSorted());

    assert.equal(await outcome("merge"), "merged");
    let now = await shown(db);
    assert.equal(now.display_name, "Mine");
    assert.deepEqual(now.associations.map(({ name, prefix }) => [name, prefix]), [["R1", "mine_"], [
      "R2",
      null,
    ]]);
    assert.deepEqual(now.properties.map(({ name }) => name), ["own", "p1", "p2"]);
    assert.deepEqual(now.properties[1]!.schema, { title: "mine" });
    assert.deepEqual([now.objects.length, now.tags.length], [2, 2]);

    assert.equal(await outcome("prefer_new"), "merged");
    now = await shown(db);
    assert.deepEqual([now.display_name, now.owner, now.visibility], [FILE.display_name, "admin", "public"]);
    assert.ok(now.updated_at);
    assert.deepEqual(now.associations.map(({ name, prefix }) => [name, prefix]), [["R1", "r_"], [
      "R2",
      null,
    ]]);
    assert.deepEqual(now.properties[1]!.schema, FILE.properties.p1);
    assert.ok(now.properties[1]!.updated_at);
    assert.equal(now.properties[0]!.name, "own");
    for (const type of await db.read.metadefs.resourceTypes()) assert.ok(type.updated_at, type.name);

    assert.equal(await outcome("overwrite"), "replaced");
    now = await shown(db);
    assert.deepEqual(now.properties.map(({ name }) => name), ["p1", "p2"]);
    assert.equal(now.updated_at, null);
    assert.deepEqual((await db.read.metadefs.resourceTypes()).map(({ name }) => name), ["R1", "R2"]);

    await db.write.metadefs.unload();
    assert.deepEqual(await everyNamespace(db), []);
    assert.deepEqual(await db.read.metadefs.resourceTypes(), []);
  }));

Deno.test("what an object requires outlives a merge that prefers the file", () =>
  withFiles({ "a.json": FILE }, async (db, folder) => {
    await db.write.metadefs.createNamespace({
      ...readCatalogueFile(FILE),
      objects: [{ name: "o1", description: null, required: ["inner"], schema: {} }],
    });
    await loadFiles(db, folder, "prefer_new");
    const [object] = (await shown(db)).objects;
    assert.deepEqual([object!.required, object!.schema], [["inner"], FILE.objects[0]!.properties]);
  }));

Deno.test("an invalid file is reported, and does not stop the others", () =>
  withFiles({
    "a.json": "{",
    "b.json": [],
    "c.json": { display_name: "no namespace" },
    "d.json": { namespace: "x", tags: [{}] },
    "e.json": { namespace: "n".repeat(81) },
    "f.json": {
      namespace: "double",
      objects: [{ name: "o" }, { name: "o" }],
      tags: [{ name: "t" }, { name: "t" }],
    },
    "g.json": FILE,
  }, async (db, folder) => {
    const results = await loadFiles(db, folder, "keep");
    assert.deepEqual(results.map((result) => "problem" in result), [
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    assert.match(JSON.stringify(results[0]), /not JSON/);
    assert.match(JSON.stringify(results[2]), /namespace/);
    assert.deepEqual((await everyNamespace(db)).map(({ namespace }) => namespace).toSorted(), [
      FILE.namespace,
      "double",
    ]);
    await assert.rejects(loadFiles(db, `${folder}/none`, "keep"), { code: "bad_request" });
    await Deno.mkdir(`${folder}/empty`);
    await assert.rejects(loadFiles(db, `${folder}/empty`, "keep"), {
      code: "bad_request",
      message: /no metadefs file/,
    });
  }));

Deno.test("flags that do not go together are refused", () => {
  const flags = (merge: boolean, preferNew: boolean, overwrite: boolean) => ({ merge, preferNew, overwrite });
  assert.equal(loadMode(flags(false, false, false)), "keep");
  assert.equal(loadMode(flags(true, false, false)), "merge");
  assert.equal(loadMode(flags(true, true, false)), "prefer_new");
  assert.equal(loadMode(flags(true, false, true)), "overwrite");
  assert.throws(() => loadMode(flags(false, true, false)), /combine of these options with --merge/);
  assert.throws(() => loadMode(flags(false, false, true)), /combine of these options with --merge/);
  assert.throws(() => loadMode(flags(true, true, true)), /no more than one option/);
});

Deno.test("the catalogue we ship: loaded whole, every body one that the API takes", () =>
  withDatabase(async (db) => {
    const outcomes = await loadNamespaces(db, shippedNamespaces(), "keep");
    assert.equal(outcomes.length, CATALOGUE.length);
    assert.ok(outcomes.every((outcome) => outcome === "inserted"));
    assert.equal(new Set(CATALOGUE.map(({ namespace }) => namespace)).size, CATALOGUE.length);
    for (const document of CATALOGUE) parseNamespace(structuredClone(document));
  }));

Deno.test("the catalogue we ship is that of Glance 33.0.0, and beside it what Nova 34 knows", () => {
  const theirs = CATALOGUE.filter((each) => !OWN.some(({ namespace }) => namespace === each.namespace));
  const objects = theirs.flatMap(({ objects }) => objects);
  const count = (list: { properties: Record<string, unknown> }[]) =>
    list.reduce((sum, { properties }) => sum + Object.keys(properties).length, 0);
  assert.deepEqual([theirs.length, count(theirs), objects.length, count(objects)], [32, 134, 23, 63]);
  const named = new Map(CATALOGUE.map((each) => [each.namespace, each.properties]));
  assert.equal(named.has("OS::Compute::CPUMode"), false);
  assert.equal("hw_cpu_mode" in named.get("OS::Glance::CommonImageProperties")!, false);
  const libvirt = named.get("OS::Compute::Libvirt")!;
  assert.deepEqual(libvirt.mem_encryption_model!.enum, ["amd-sev", "amd-sev-es", "amd-sev-snp"]);
  assert.deepEqual(libvirt.virtio_packed_ring!.enum, ["true", "false"]);
  assert.deepEqual(OWN.map(({ namespace, properties }) => [namespace, Object.keys(properties)]), [
    ["OS::Compute::LibvirtNova34", [
      "mem_encryption_model",
      "sound_model",
      "usb_model",
      "redirected_usb_ports",
    ]],
  ]);
  for (const { description } of OWN) assert.match(description, /oneglance's own/);
});

/** What Debian's older files have and 33.0.0 has not. */
const GONE = ["hw_cpu_mode", "VirtualSriovEthernetCard"];
const DEBIAN = "/etc/glance/metadefs";
const debian = files(DEBIAN);

function files(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

Deno.test({
  name:
    "upstream's own files (Debian's glance-common): what is written is what was loaded, to the last property",
  ignore: debian.length === 0,
  fn: () =>
    withDatabase(async (db) => {
      assert.equal(await roundTrip(db, DEBIAN), debian.length);
    }),
});

Deno.test({
  name: "the facts of the catalogue we ship are upstream's",
  ignore: debian.length === 0,
  fn: async () => {
    let compared = 0;
    for (const name of debian) {
      const theirs = JSON.parse(await Deno.readTextFile(`${DEBIAN}/${name}`));
      const ours = CATALOGUE.find(({ namespace }) => namespace === theirs.namespace);
      // Debian's is older there: the models had other names.
      if (!ours || ours.namespace === "OS::Compute::TPM") continue;
      // deno-lint-ignore no-explicit-any
      const bodies = (each: any): Record<string, any> => {
        const inner = (each.objects ?? []).map(({ properties }: { properties: unknown }) => properties);
        return Object.assign({}, each.properties, ...inner);
      };
      for (const [property, body] of Object.entries(bodies(theirs))) {
        if (GONE.includes(property)) continue;
        // deno-lint-ignore no-explicit-any
        const mine: any = bodies(ours)[property];
        assert.ok(mine, `${ours.namespace} ${property}`);
        for (const key of ["type", "minimum", "maximum", "default", "pattern"]) {
          assert.deepEqual(mine[key], body[key], `${ours.namespace} ${property} ${key}`);
        }
        for (const value of body.enum as string[] ?? []) {
          assert.ok(GONE.includes(value) || mine.enum.includes(value), `${property} ${value}`);
        }
        compared++;
      }
      const byName = (list: readonly { name: string }[]) =>
        list.map((each) => JSON.stringify(each, Object.keys(each).toSorted())).toSorted();
      assert.deepEqual(
        byName(ours.resource_type_associations),
        byName(theirs.resource_type_associations),
        ours.namespace,
      );
    }
    assert.ok(compared > 180, String(compared));
  },
});

/**
 * Every `glance md-*` command of python-glanceclient, which validates each response by the schema documents, and the
 * catalogue files of Debian's glance-common, which the program loads and writes.
 */
import assert from "node:assert/strict";
import { oneglance, startOneglance } from "./support/oneglance.ts";
import { command, must } from "./support/processes.ts";

const UPSTREAM = "/etc/glance/metadefs";

async function present(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
const client = (await command("sh", ["-c", "command -v glance"])).code === 0;
const files = await present(UPSTREAM);
if (!client) console.log("skipped: glance md-*, because python-glanceclient is not installed");
if (!files) console.log(`skipped: upstream's catalogue files, because there is no ${UPSTREAM}`);

/** Returns the rows of the table that `glance` prints, without its head. */
function rows(table: string): string[][] {
  const lines = table.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(1).map((line) =>
    line.slice(1, -1).split(" | ").map((cell) => cell.replace(/^\||\|$/g, "").trim())
  );
}

/** Returns the value of a row in a table of two columns. */
function value(table: string, name: string): string {
  const row = rows(table).find(([first]) => first === name);
  assert.ok(row, `no ${name} in ${table}`);
  return row[1]!;
}

const names = (table: string) => rows(table).map(([first]) => first!);

Deno.test({
  name: "glance md-*: every command",
  ignore: !client,
  fn: async (t) => {
    const server = await startOneglance();
    const home = await Deno.makeTempDir({ prefix: "oneglance_md_" });
    const md = (name: string, ...args: string[]) => {
      const auth = ["--os-image-url", server.url, "--os-auth-token", "none"];
      return must("glance", [...auth, `md-${name}`, ...args], {
        env: { HOME: home, OS_IMAGE_API_VERSION: "2" },
      });
    };
    const schema = (document: unknown) => ["--schema", JSON.stringify(document)];
    const text = { title: "T", type: "string" };
    try {
      await t.step("namespaces", async () => {
        const made = await md(
          "namespace-create",
          "ns",
          "--display-name",
          "Display",
          "--visibility",
          "public",
        );
        assert.equal(value(made, "display_name"), "Display");
        assert.equal(value(made, "protected"), "False");
        const changed = await md(
          "namespace-update",
          "ns",
          "--description",
          "Words",
          "--visibility",
          "private",
        );
        assert.equal(value(changed, "description"), "Words");
        assert.equal(value(changed, "visibility"), "private");
        assert.equal(value(await md("namespace-show", "ns"), "namespace"), "ns");
      });
      await t.step("resource types", async () => {
        await md("resource-type-associate", "ns", "--name", "OS::Glance::Image", "--prefix", "hw_");
        assert.deepEqual(names(await md("resource-type-list")), ["OS::Glance::Image"]);
        assert.deepEqual(names(await md("namespace-resource-type-list", "ns")), ["OS::Glance::Image"]);
      });
      await t.step("properties", async () => {
        const made = await md(
          "property-create",
          "ns",
          "--name",
          "p",
          "--title",
          "T",
          ...schema({ ...text, default: 5 }),
        );
        assert.equal(value(made, "default"), "5");
        const changed = await md(
          "property-update",
          "ns",
          "p",
          "--name",
          "q",
          "--title",
          "U",
          ...schema({ ...text, title: "U" }),
        );
        assert.equal(value(changed, "name"), "q");
        assert.equal(value(await md("property-show", "ns", "q"), "title"), "U");
        assert.deepEqual(names(await md("property-list", "ns")), ["q"]);
        const shown = await md("namespace-show", "ns", "--resource-type", "OS::Glance::Image");
        assert.match(value(shown, "properties"), /hw_q/);
      });
      await t.step("objects", async () => {
        await md(
          "object-create",
          "ns",
          "--name",
          "o",
          ...schema({ required: ["i"], properties: { i: text } }),
        );
        await md(
          "object-update",
          "ns",
          "o",
          "--name",
          "object",
          ...schema({ properties: { j: { ...text, default: "d" } } }),
        );
        assert.equal(value(await md("object-show", "ns", "object"), "name"), "object");
        assert.equal(value(await md("object-property-show", "ns", "object", "j"), "default"), "d");
        assert.deepEqual(names(await md("object-list", "ns")), ["object"]);
      });
      await t.step("tags", async () => {
        await md("tag-create", "ns", "--name", "t1");
        await md("tag-update", "ns", "t1", "--name", "t2");
        assert.equal(value(await md("tag-show", "ns", "t2"), "name"), "t2");
        // What the client's `--append` would send; its version 4.1 fails on its own header before it sends anything.
        const appended = await fetch(`${server.url}/v2/metadefs/namespaces/ns/tags`, {
          method: "POST",
          headers: { "X-Openstack-Append": "True" },
          body: JSON.stringify({ tags: [{ name: "a" }, { name: "b" }] }),
        });
        assert.equal(appended.status, 201, await appended.text());
        assert.deepEqual(names(await md("tag-list", "ns")).toSorted(), ["a", "b", "t2"]);
        await md("tag-create-multiple", "ns", "--names", "c|d", "--delim", "|");
        assert.deepEqual(names(await md("tag-list", "ns")).toSorted(), ["c", "d"]);
      });
      await t.step("import of a whole namespace", async () => {
        const path = `${home}/namespace.json`;
        await Deno.writeTextFile(
          path,
          JSON.stringify({
            namespace: "imported",
            visibility: "public",
            properties: { p: text },
            tags: [{ name: "t" }],
          }),
        );
        await md("namespace-import", "--file", path);
        assert.deepEqual(names(await md("property-list", "imported")), ["p"]);
      });
      await t.step("lists, by pages of one and by filters", async () => {
        const all = async (...args: string[]) => names(await md("namespace-list", ...args)).toSorted();
        assert.deepEqual(await all("--page-size", "1"), ["imported", "ns"]);
        assert.deepEqual(await all("--visibility", "public"), ["imported"]);
        assert.deepEqual(await all("--resource-types", "OS::Glance::Image"), ["ns"]);
      });
      await t.step("what is protected stays, and the client says why", async () => {
        await md("namespace-update", "ns", "--protected", "True");
        await assert.rejects(md("namespace-delete", "ns"), /HTTP 403 Forbidden.*protected/);
        await md("namespace-update", "ns", "--protected", "False");
      });
      await t.step("deletion, one by one and all at once", async () => {
        await md("property-delete", "ns", "q");
        await md("namespace-properties-delete", "ns");
        await md("object-delete", "ns", "object");
        await md("namespace-objects-delete", "ns");
        await md("tag-delete", "ns", "c");
        await md("namespace-tags-delete", "ns");
        await md("resource-type-deassociate", "ns", "OS::Glance::Image");
        assert.deepEqual(names(await md("namespace-resource-type-list", "ns")), []);
        for (const name of ["ns", "imported"]) await md("namespace-delete", name);
        assert.deepEqual(names(await md("namespace-list")), []);
        await assert.rejects(md("namespace-show", "ns"), /404/);
      });
      if (files) {
        await t.step("upstream's own catalogue, loaded while the service runs", async () => {
          const load = oneglance([
            "glance-manage",
            "--config-file",
            server.config,
            "db_load_metadefs",
            UPSTREAM,
          ]);
          await must(load.name, load.args);
          const count = Array.from(Deno.readDirSync(UPSTREAM)).filter(({ name }) =>
            name.endsWith(".json")
          ).length;
          const listed = names(await md("namespace-list"));
          assert.equal(listed.length, count);
          const databases = await md("namespace-show", "OS::Software::DBMS");
          assert.match(databases, /"MySQL"/);
          const property = await md(
            "object-property-show",
            "OS::Software::DBMS",
            "MySQL",
            "sw_database_mysql_listen_port",
          );
          assert.equal(value(property, "default"), "3606", "an integer in the file, a text in answers");
          for (const namespace of listed) await md("namespace-show", namespace);
        });
      }
    } finally {
      const end = await server.stop();
      await Deno.remove(home, { recursive: true });
      assert.equal(end.code, 0, end.log);
    }
  },
});

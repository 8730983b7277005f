/** The first start of a stand-alone service brings the catalogue we ship; a later one leaves it as it is. */
import assert from "node:assert/strict";
import { isFirstStart, loadShipped } from "../../src/cli/first_start.ts";
import { configFrom } from "../../src/config/config.ts";
import { CATALOGUE } from "../../src/metadefs/catalogue.ts";
import { everyNamespace } from "../../src/metadefs/export.ts";
import { withDatabase } from "../support/temp_database.ts";

Deno.test("a start is the first while there is no database file", async () => {
  const first = (connection: string) => isFirstStart(configFrom({ "database.connection": connection }));
  const path = await Deno.makeTempFile({ prefix: "oneglance-db-" });
  try {
    assert.equal(first(`sqlite:///${path}`), false);
    assert.equal(first(`sqlite:///${path}.none`), true);
    assert.equal(first(`sqlite:///${path}.none/deeper/glance.sqlite`), true);
    assert.equal(first("http://127.0.0.1:9"), false);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("the catalogue is loaded, and what is there already is kept", () =>
  withDatabase(async (db) => {
    const columns = {
      namespace: CATALOGUE[0].namespace,
      display_name: "mine",
      description: null,
      visibility: null,
      protected: null,
      owner: "me",
    };
    await db.write.metadefs.createNamespace({
      columns,
      associations: [],
      objects: [],
      properties: [],
      tags: [],
    });
    await loadShipped({ db });
    const all = await everyNamespace(db);
    assert.deepEqual(
      all.map(({ namespace }) => namespace).toSorted(),
      CATALOGUE.map(({ namespace }) => namespace).toSorted(),
    );
    assert.equal(all.find(({ namespace }) => namespace === columns.namespace)?.display_name, "mine");
  }));

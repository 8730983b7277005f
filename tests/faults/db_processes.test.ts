/** The database under several processes, and under processes that die. */
import assert from "node:assert/strict";
import { openDatabase } from "../../db/open.ts";
import { rowsOf } from "../support/raw_database.ts";
import { ADMIN, WRITER_URL } from "../support/temp_database.ts";

const CHILD = new URL("../support/db_child.ts", import.meta.url);

async function inDirectory(action: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "oneglance-faults-" });
  try {
    await action(`${directory}/glance.sqlite`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function child(path: string, count: number): Deno.ChildProcess {
  const args = ["run", "-A", "--no-check", "--quiet", CHILD.pathname, `sqlite:///${path}`, String(count)];
  return new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
}

const lines = (bytes: Uint8Array) =>
  new TextDecoder().decode(bytes).split("\n").filter((line) => line !== "");

Deno.test("processes that open a new file at the same time all use it", () =>
  inDirectory(async (path) => {
    const outputs = await Promise.all([30, 30, 30].map((count) => child(path, count).output()));
    for (const { code, stderr } of outputs) assert.equal(code, 0, new TextDecoder().decode(stderr));
    const ids = outputs.flatMap(({ stdout }) => lines(stdout));
    assert.equal(ids.length, 90);
    assert.deepEqual(rowsOf(path, "SELECT id FROM images ORDER BY id").map(({ id }) => id), ids.sort());
    assert.deepEqual(rowsOf(path, "SELECT count(*) AS n FROM alembic_version"), [{ n: 1 }]);
    assert.deepEqual(rowsOf(path, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  }));

Deno.test("after kill -9 every acknowledged image is complete, and there is no incomplete one", () =>
  inDirectory(async (path) => {
    for (let round = 0; round < 2; round++) {
      const writing = child(path, 0);
      const acknowledged: string[] = [];
      const reader = writing.stdout.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      let killed = false;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const parts = (rest + value).split("\n");
        rest = parts.pop() ?? "";
        acknowledged.push(...parts);
        if (acknowledged.length >= 40 && !killed) {
          killed = true;
          writing.kill("SIGKILL");
        }
      }
      await writing.stderr.cancel();
      assert.equal((await writing.status).signal, "SIGKILL");
      assert.ok(acknowledged.length >= 40);
      const db = await openDatabase({ connection: `sqlite:///${path}`, writerUrl: WRITER_URL });
      try {
        for (const id of acknowledged) {
          const image = await db.read.images.show({ id, viewer: ADMIN });
          assert.deepEqual(image?.properties, { a: "1" });
          assert.deepEqual(image?.tags, ["t", "u"]);
        }
      } finally {
        await db.close();
      }
      const half = `SELECT id FROM images i WHERE
        (SELECT count(*) FROM image_tags t WHERE t.image_id = i.id) <> 2
        OR (SELECT count(*) FROM image_properties p WHERE p.image_id = i.id) <> 1`;
      assert.deepEqual(rowsOf(path, half), []);
      assert.deepEqual(rowsOf(path, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
    }
  }));

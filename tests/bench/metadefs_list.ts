/**
 * `deno run -A tests/bench/metadefs_list.ts`: compares a list of 25 namespaces among 50 with one among 1,000, each with
 * 50 properties, and counts the queries. Prints both medians in milliseconds, and their ratio; ends with exit code 1
 * when that is above 1.5 for the default list, or when a page needs more than one query.
 */
import { formatTimestamp } from "../../db/clock.ts";
import type { Conn } from "../../db/conn.ts";
import type { EmbeddedConn } from "../../db/engines/embedded.ts";
import { inTransaction, migrateFile, openReader, prepareFile } from "../../db/engines/open_file.ts";
import type { NamespaceListQuery } from "../../db/metadef_records.ts";
import { listNamespaces } from "../../db/tables/metadef_namespaces.ts";
import { ADMIN, project } from "../support/temp_database.ts";

const PROPERTIES = 50;
const ROUNDS = 300;
const START = Date.UTC(2024, 0, 1) * 1000;

/** Creates `count` namespaces: projects p0 to p9 in turn, every second public, each with two associations. */
async function fill(conn: EmbeddedConn, count: number): Promise<void> {
  for (const id of [1, 2, 3]) {
    conn.run(
      "INSERT INTO metadef_resource_types (id, name, protected, created_at) VALUES (?, ?, 0, '2024')",
      [
        id,
        `type ${id}`,
      ],
    );
  }
  const schema = JSON.stringify({ title: "A property", type: "string", description: "d".repeat(200) });
  for (let i = 1; i <= count; i++) {
    const time = formatTimestamp(START + i * 1_000_000);
    conn.run(
      `INSERT INTO metadef_namespaces (id, namespace, description, visibility, protected, owner, created_at, updated_at)
       VALUES (?, ?, ?, ?, 0, ?, ?, ?)`,
      [
        i,
        `OS::Namespace::${i}`,
        "d".repeat(300),
        i % 2 === 0 ? "public" : "private",
        `p${i % 10}`,
        time,
        time,
      ],
    );
    for (const type of [i % 3 + 1, (i + 1) % 3 + 1]) {
      conn.run(
        `INSERT INTO metadef_namespace_resource_types (resource_type_id, namespace_id, prefix, created_at)
         VALUES (?, ?, 'hw_', ?)`,
        [type, i, time],
      );
    }
    for (let p = 0; p < PROPERTIES; p++) {
      conn.run(
        "INSERT INTO metadef_properties (namespace_id, name, json_schema, created_at) VALUES (?, ?, ?, ?)",
        [i, `property_${p}`, schema, time],
      );
    }
  }
  await Promise.resolve();
}

function queries(count: number): Record<string, NamespaceListQuery> {
  const list = (more: Partial<NamespaceListQuery>): NamespaceListQuery => ({
    viewer: ADMIN,
    sort: { key: "created_at", dir: "desc" },
    limit: 25,
    ...more,
  });
  const far = { after: Math.floor(count * 0.6) };
  return {
    "admin": list({}),
    "admin, far marker": list(far),
    "project": list({ viewer: project("p1") }),
    "project, far marker": list({ viewer: project("p1"), ...far }),
    "by name, far marker": list({ sort: { key: "namespace", dir: "asc" }, after: 2 }),
    "public": list({ visibility: "public" }),
    "for a type": list({ resourceTypes: ["type 2"] }),
  };
}

interface Measured {
  rows: number;
  millis: number;
  queries: number;
}

async function measure(count: number): Promise<Record<string, Measured>> {
  const directory = await Deno.makeTempDir();
  const path = prepareFile(`${directory}/g.sqlite`, { create: true, force: false });
  try {
    await migrateFile(path);
    await inTransaction(path, (conn) => fill(conn, count));
    const reader = await openReader(path);
    const result: Record<string, Measured> = {};
    for (const [name, query] of Object.entries(queries(count))) {
      let pages = 0;
      const counting: Conn = {
        all: (...args) => (pages++, reader.all(...args)),
        one: (...args) => reader.one(...args),
        unseal: reader.unseal,
        dialect: reader.dialect,
      };
      const rows = (await listNamespaces(counting, query)).length;
      const times: number[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        const began = performance.now();
        await listNamespaces(reader, query);
        times.push(performance.now() - began);
      }
      result[name] = { rows, millis: times.sort((a, b) => a - b)[ROUNDS / 2]!, queries: pages };
    }
    reader.close();
    return result;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const small = await measure(50);
const large = await measure(1000);
console.log(
  "p50 in ms of a list of 25 namespaces of 50 properties: among 50, among 1,000, ratio (rows, queries)",
);
let right = true;
for (const [name, { rows, millis, queries }] of Object.entries(large)) {
  const before = small[name]!;
  const ratio = millis / before.millis;
  const numbers = [before.millis, millis, ratio].map((number) => number.toFixed(2).padStart(8)).join("");
  console.log(`${name.padEnd(24)} ${numbers}   (${before.rows}, ${rows}; ${queries})`);
  right &&= queries === 1 && (before.rows < rows || ratio <= 1.5);
}
Deno.exit(right ? 0 : 1);

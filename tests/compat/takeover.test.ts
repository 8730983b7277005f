/**
 * oneglance takes over the database and the stores of a real Glance, and gives them back: every GET of every caller has
 * the same answer before and after.
 */
import assert from "node:assert/strict";
import { MARIADB_COMMANDS, startMariadb } from "../engines/mariadb.ts";
import { missing } from "../support/installed.ts";
import { MARIADB, withMariadb } from "../support/mariadb_database.ts";
import { execOn } from "../support/raw_database.ts";
import { type Answers, everyGet } from "./support/every_get.ts";
import { addOldRows, changeEverything, type Execute, fillGlance } from "./support/fill_glance.ts";
import { GLANCE_COMMANDS, glanceManage, startGlance } from "./support/glance.ts";
import { oneglance, type ServerOptions, startOneglance } from "./support/oneglance.ts";
import { must } from "./support/processes.ts";

const IMAGES = Number(Deno.env.get("IMAGES") ?? 200);

/** What the two servers are given alike. */
function optionsFor(folder: string, connection: string): ServerOptions {
  return {
    folder,
    stores: "multi",
    set: {
      DEFAULT: { show_multiple_locations: "true", show_image_direct_url: "true" },
      database: { connection },
      oneglance: { identity_headers_from: "127.0.0.1" },
    },
  };
}

/** Asserts that the answers of oneglance are those of real Glance, but where that fails; returns what it fails at. */
function compare(found: Answers, glance: Answers, what: string): string[] {
  const names = Object.keys({ ...glance, ...found });
  const fails = (name: string) => glance[name]?.status === 0 || (glance[name]?.status ?? 0) >= 500;
  const differ = names.filter((name) => !fails(name) && !same(found[name], glance[name]));
  for (const name of differ) {
    assert.deepEqual(found[name], glance[name], `${what}: ${name}, and ${differ.length - 1} more`);
  }
  return names.filter(fails);
}

/**
 * Without what Glance leaves to chance: the order of tags, which it keeps as a set; and with its links, which keep the last
 * of several tags only (docs/compatibility.md).
 */
function comparable(answers: unknown): unknown {
  return JSON.parse(JSON.stringify(answers ?? null), (key, value) => {
    if (key === "tags" && Array.isArray(value)) return value.toSorted();
    if (key === "first" || key === "next") return String(value).replace(/tag=[^&]*&(?=tag=)/g, "");
    return value;
  });
}

function same(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(comparable(one), comparable(other));
    return true;
  } catch {
    return false;
  }
}

async function exchange(folder: string, connection: string, execute: Execute): Promise<void> {
  const options = optionsFor(folder, connection);
  const glance = await startGlance({ ...options, workers: 2, auth: "trusted" });
  let ids: string[];
  let before: Answers;
  let failed: string[];
  try {
    ids = await fillGlance(glance.url, IMAGES);
    await addOldRows(execute, ids);
    before = await everyGet(glance.url, ids);
  } finally {
    await glance.stop();
  }
  assert.ok(Object.keys(before).length > 15 * IMAGES, `${Object.keys(before).length} answers`);

  const ours = await startOneglance(options);
  let after: Answers;
  try {
    failed = compare(await everyGet(ours.url, ids), before, "after the exchange");
    // Glance fails at the data of one image and at one task, whose rows `addOldRows` has broken; at nothing else.
    const paths = failed.map((name) => name.replace(/^\w+ /, "").replace(/[0-9a-f-]{36}/, "ID"));
    assert.deepEqual([...new Set(paths)].sort(), ["GET /v2/images/ID/file", "GET /v2/tasks/ID"]);
    assert.equal(
      new Set(failed.filter((name) => name.endsWith("/file")).map((name) => name.slice(-41))).size,
      1,
    );
    ids = [...ids, ...await changeEverything(ours.url, ids)];
    after = await everyGet(ours.url, ids);
  } finally {
    await ours.stop();
  }

  const back = oneglance(["db", "hand-back", "25.1.0", "--config-file", ours.config]);
  await must(back.name, back.args);
  assert.match(await glanceManage(ours.config, "db", "sync"), /Database is up to date/);
  const again = await startGlance({ ...options, workers: 2, auth: "trusted", sync: false });
  try {
    const failing = compare(after, await everyGet(again.url, ids), "after the way back");
    // What oneglance wrote makes Glance fail at nothing.
    assert.deepEqual(failing.filter((name) => !failed.includes(name)), []);
  } finally {
    await again.stop();
  }
}

async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "oneglance_takeover_" });
  try {
    await action(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "takeover: a database of SQLite",
  ignore: missing(...GLANCE_COMMANDS),
  fn: () =>
    inFolder((folder) => {
      const file = `${folder}/glance.db`;
      // deno-lint-ignore require-await -- what is thrown must be a rejection
      return exchange(folder, `sqlite:///${file}`, async (sql) => execOn(file, sql));
    }),
});

Deno.test({
  name: "takeover: a database of MariaDB",
  ignore: missing(...GLANCE_COMMANDS) || MARIADB === null && missing(...MARIADB_COMMANDS),
  fn: () =>
    inFolder(async (folder) => {
      const server = MARIADB ? null : await startMariadb();
      try {
        const url = MARIADB ?? new URL(server!.urls[0]!);
        await withMariadb(
          ({ connection, run }) => exchange(folder, connection, run),
          "CHARACTER SET utf8",
          url,
        );
      } finally {
        await server?.[Symbol.asyncDispose]();
      }
    }),
});

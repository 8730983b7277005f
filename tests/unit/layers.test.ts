import assert from "node:assert/strict";
import { imports, packageOf, resolveImport } from "../../tools/imports.ts";
import { checkHouseRules } from "../../tools/house_rules.ts";
import { checkLayers } from "../../tools/layers.ts";

/** The messages of a tree of one file. */
function layers(path: string, text: string): string[] {
  return checkLayers(new Map([[path, text]])).map((breach) => breach.message);
}

function rules(path: string, text: string): string[] {
  return checkHouseRules(new Map([[path, text]])).map((breach) => breach.message);
}

Deno.test("imports: one line, several lines, types, side effects and re-exports", () => {
  const text = [
    'import a from "a";',
    'import type { B } from "./b.ts";',
    "import {",
    "  c,",
    '} from "../c.ts";',
    'import "d";',
    'export { e } from "./e.ts";',
    'const s = "not an import from here";',
  ].join("\n");
  assert.deepEqual(imports(text), [
    { specifier: "a", line: 1 },
    { specifier: "./b.ts", line: 2 },
    { specifier: "../c.ts", line: 3 },
    { specifier: "d", line: 6 },
    { specifier: "./e.ts", line: 7 },
  ]);
  assert.equal(resolveImport("src/images/show.ts", "../../db/records.ts"), "db/records.ts");
  assert.equal(resolveImport("src/images/show.ts", "hono"), null);
  assert.equal(packageOf("npm:@hono/zod-openapi@1.6.3/x"), "@hono/zod-openapi");
  assert.equal(packageOf("@libsql/client"), "@libsql/client");
  assert.equal(packageOf("drizzle-orm/sqlite-core"), "drizzle-orm");
  assert.equal(packageOf("npm:zod@4.6.7"), "zod");
});

Deno.test("layers: along the arrows is allowed", () => {
  const rows: [string, string][] = [
    ["main.ts", 'import { serve } from "./src/cli/serve.ts";'],
    [
      "src/cli/serve.ts",
      'import { app } from "../app.ts";\nimport { openDatabase } from "../../db/open.ts";',
    ],
    ["src/app.ts", 'import { Hono } from "hono";\nimport { images } from "./http/images.ts";'],
    [
      "src/http/images.ts",
      'import { route } from "../../openapi/images.ts";\nimport { show } from "../images/show.ts";',
    ],
    [
      "src/images/show.ts",
      'import { fail } from "../errors.ts";\nimport type { ImageRecord } from "../../db/records.ts";',
    ],
    [
      "src/stores/s3/store.ts",
      'import { get } from "../../net/http.ts";\nimport { log } from "../../observe/log.ts";',
    ],
    ["db/open.ts", 'import { WORKERS } from "../workers.ts";\nimport Database from "libsql";'],
    ["openapi/images.ts", 'import { z } from "@hono/zod-openapi";\nimport { error } from "./error.ts";'],
    ["src/util/version.ts", 'import config from "../../deno.json" with { type: "json" };'],
    ["tests/api/x.test.ts", 'import { app } from "../../src/app.ts";\nimport Database from "libsql";'],
  ];
  for (const [path, text] of rows) assert.deepEqual(layers(path, text), [], path);
});

Deno.test("layers: against the arrows is caught", () => {
  const rows: [string, string, RegExp][] = [
    ["db/open.ts", 'import { fileStore } from "../src/stores/file.ts";', /db must not import stores/],
    ["db/open.ts", 'import { show } from "../src/images/show.ts";', /db must not import domain/],
    ["src/stores/file.ts", 'import type { X } from "../../db/records.ts";', /stores must not import db/],
    [
      "src/stores/file.ts",
      'import { inspect } from "../formats/inspect.ts";',
      /stores must not import formats/,
    ],
    ["src/formats/qcow2.ts", 'import { file } from "../stores/file.ts";', /formats must not import stores/],
    ["openapi/images.ts", 'import { ERRORS } from "../src/errors.ts";', /openapi must not import base/],
    ["src/images/show.ts", 'import { view } from "../http/view/image.ts";', /domain must not import http/],
    [
      "src/images/show.ts",
      'import { schema } from "../../openapi/images.ts";',
      /domain must not import openapi/,
    ],
    ["src/http/images.ts", 'import { app } from "../app.ts";', /http must not import app/],
    ["src/util/id.ts", 'import { show } from "../images/show.ts";', /base must not import domain/],
    ["src/net/http.ts", 'import { store } from "../stores/store.ts";', /net must not import stores/],
    ["src/images/show.ts", 'import { x } from "../../tests/support/x.ts";', /domain must not import free/],
    ["src/images/show.ts", 'import Database from "libsql";', /libsql may be imported only under db\//],
    [
      "db/columns.ts",
      'import { eq } from "drizzle-orm/sql";',
      /drizzle-orm may be imported only under tests\//,
    ],
    ["src/images/show.ts", 'import type { Context } from "hono";', /hono may be imported only/],
    ["src/cli/serve.ts", 'import {\n  Hono,\n} from "npm:hono@4";', /hono may be imported only/],
    ["src/images/show.ts", 'import { z } from "zod";', /zod may be imported only/],
    [
      "tools/ledger.ts",
      'import type { RouteConfig } from "@hono/zod-openapi";',
      /hono.* may be imported only/,
    ],
    ["src/images/show.ts", 'import { x } from "https://example.org/x.ts";', /packages come from npm/],
    ["src/images/show.ts", 'const q = "SELECT id FROM images";', /SQL belongs under db/],
    ["src/cache/open.ts", 'run("PRAGMA journal_mode=WAL");', /SQL belongs under db/],
  ];
  for (const [path, text, message] of rows) {
    const found = layers(path, text);
    assert.equal(found.length, 1, `${path}: ${text}`);
    assert.match(found[0]!, message);
  }
});

Deno.test("layers: folders of src that lead back to themselves are caught, types as well", () => {
  const tree = new Map([
    ["src/tasks/run.ts", 'import type { Job } from "../imports/job.ts";'],
    ["src/imports/job.ts", 'import { x } from "./x.ts";\nimport { find } from "../images/find.ts";'],
    ["src/images/find.ts", '// first\nimport { y } from "../tasks/y.ts";\nimport { z } from "../util/z.ts";'],
    ["src/compose.ts", 'import { Job } from "./imports/job.ts";'],
  ]);
  assert.deepEqual(checkLayers(tree), [
    {
      path: "src/tasks/run.ts",
      line: 1,
      message: "src/tasks must not import src/imports, which needs src/tasks",
    },
    {
      path: "src/imports/job.ts",
      line: 2,
      message: "src/imports must not import src/images, which needs src/imports",
    },
    {
      path: "src/images/find.ts",
      line: 2,
      message: "src/images must not import src/tasks, which needs src/images",
    },
  ]);
  tree.delete("src/images/find.ts");
  assert.deepEqual(checkLayers(tree), []);
});

Deno.test("layers: prose about SQL is not SQL", () => {
  assert.deepEqual(
    layers("src/images/show.ts", "// not: SELECT id FROM images\n/** `SELECT 1`: for health. */"),
    [],
  );
});

Deno.test("house rules: each one is caught, with its line", () => {
  const long = "x;\n".repeat(401);
  const rows: [string, string, RegExp][] = [
    ["src/images/showImage.ts", "", /snake_case/],
    ["src/myImages/show.ts", "", /snake_case/],
    ["tools/do-it.sh", "", /snake_case/],
    ["src/images/show.ts", long, /401 lines/],
    ["tests/compat/keystone/up.sh", long, /401 lines/],
    ["src/images/show.ts", "export default 1;", /default/],
    ["src/images/show.ts", "export { a as default };", /default/],
    ["src/images/show.ts", 'export * from "./a.ts";', /barrels/],
    ["src/images/show.ts", "const a = await imp" + "ort(name);", /dynamic import/],
    ["db/engines/mariadb_session.ts", "const a = await imp" + "ort(name);", /dynamic import/],
    ["src/images/show.ts", "const a = await imp" + 'ort("mysql2");', /dynamic import/],
    ["README.md", "see /" + "work/main", /path of one machine/],
    ["tests/x.ts", 'cd("/' + 'root/x")', /path of one machine/],
    ["docs" + "/a.md", "../" + "shared/spec", /outside the repository/],
    ["Dockerfile", "https://registry.npm" + "js.org/x", /registry/],
  ];
  for (const [path, text, message] of rows) {
    const found = rules(path, text);
    assert.equal(found.length, 1, `${path}: ${text.slice(0, 60)}`);
    assert.match(found[0]!, message);
  }
  const second = checkHouseRules(new Map([["src/a.ts", "const a = 1;\nexport default a;\n"]]));
  assert.equal(second[0]?.line, 2);
});

Deno.test("house rules: what is right passes", () => {
  assert.deepEqual(rules("db/migrations/0001_first.ts", "x;\n".repeat(900)), []);
  assert.deepEqual(rules("src/images/show_2.test.ts", "x;\n".repeat(400)), []);
  assert.deepEqual(rules(".ci/run", 'cd "$work/work/x"; echo ${work}/root/'), []);
  assert.deepEqual(rules("src/a.ts", "// export default is not for us, nor imp" + "ort(x)"), []);
});

Deno.test("house rules: a name that only its own file mentions is not exported", () => {
  const tree = (other: string) =>
    checkHouseRules(
      new Map([
        ["src/a.ts", "export const used = 1;\nexport interface Alone {}\n"],
        ["tests/a.test.ts", other],
      ]),
    );
  const [breach, ...more] = tree('import { used } from "../src/a.ts";\n');
  assert.deepEqual([breach?.path, breach?.line, more.length], ["src/a.ts", 2, 0]);
  assert.match(breach!.message, /only this file mentions Alone/);
  assert.deepEqual(tree('import { type Alone, used } from "../src/a.ts";\n'), []);
});

/**
 * What holds below policy: every rule opened to everybody, and still nobody writes to another's image. Outcomes as
 * Glance 25.1.0 gave them with the same policy files, but where it answers 500, takes an import that can only fail, or
 * removes a location before it refuses: there the answer is 403 and nothing is changed (docs/reference/policy.md §7).
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { serveData } from "../support/locations.ts";
import { FULL, namespace } from "../support/metadefs.ts";
import {
  type Ask,
  CALLERS,
  columnOf,
  imageOfKind,
  KINDS,
  send,
  startOpen,
  type State,
} from "../support/open_rules.ts";
import {
  COLUMNS,
  image,
  MEMBER_ROWS,
  NAMESPACE,
  NAMESPACE_ROWS,
  OTHER_ROWS,
  ROWS,
} from "../support/open_rows.ts";
import { ADMIN, OWNER, type TestService } from "../support/service.ts";
import { snapshot } from "../support/snapshot.ts";

const CONFIGURATIONS = [["", true], ["", false], ["@", true], ["@", false]] as const;

/** How many requests a test has made, by outcome, and which of them had another than is wanted. */
class Counts {
  readonly wrong: string[] = [];
  readonly #of = new Map<string, number>();
  add(status: number): void {
    const key = status < 300 ? "done" : String(status);
    this.#of.set(key, (this.#of.get(key) ?? 0) + 1);
  }
  get total(): number {
    return [...this.#of.values()].reduce((sum, count) => sum + count, 0);
  }
  /** Prints the counts, so that an empty loop is seen; fails when one is wrong. */
  check(what: string, total: number): void {
    const parts = [...this.#of].toSorted().map(([outcome, count]) => `${outcome}: ${count}`);
    console.log(`${what}: ${this.total} requests, ${parts.join(", ")}`);
    assert.deepEqual(this.wrong, []);
    assert.equal(this.total, total);
  }
}

interface Asked {
  service: TestService;
  ask: Ask;
  caller: string;
  values: Record<string, string>;
  wanted: number;
  label: string;
}

/** Sends and compares; a refusal has changed no row and no file. Whether the thing is used up. */
async function expect(
  { service, ask, caller, values, wanted, label }: Asked,
  counts: Counts,
): Promise<boolean> {
  const before = wanted >= 400 ? await stateOf(service, values.id) : "";
  const answer = await send(service, ask, CALLERS[caller]!, values);
  const text = await answer.text();
  if (answer.status !== wanted) counts.wrong.push(`${label}: ${answer.status}, not ${wanted}: ${text}`);
  else if (wanted >= 400 && await stateOf(service, values.id) !== before) {
    counts.wrong.push(`${label}: ${wanted}, and something has changed`);
  }
  await service.deps.background.settled();
  counts.add(answer.status);
  return answer.status < 400;
}

/** What there is of an image, its members and its data; without one, of everything. */
async function stateOf(service: TestService, id: string | undefined): Promise<string> {
  if (id === undefined) return await snapshot(service);
  const files = ["a", "b", "staging"].map((folder) => {
    const path = `${service.dir}/${folder}/${id}`;
    return existsSync(path) ? Deno.statSync(path).size : null;
  });
  const members = await service.deps.db.read.members.list({ imageId: id });
  return JSON.stringify([await row(service, id), members, files]);
}

async function row(service: TestService, id: string): Promise<unknown> {
  return await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
}

for (const [value, newDefaults] of CONFIGURATIONS) {
  const title = `all rules "${value}", enforce_new_defaults = ${newDefaults}`;

  Deno.test(`${title}: images`, async () => {
    await using web = serveData();
    await using service = await startOpen(value, newDefaults);
    const counts = new Counts();
    for (const [name, state, ask, codes, legacy] of ROWS) {
      const wanted = codes.split(" ").slice(0, 2)
        .concat((!newDefaults && legacy || codes.split(" ").slice(2).join(" ")).split(" ")).map(Number);
      for (const kind of Object.keys(KINDS)) {
        let id: string | null = null;
        for (const caller of Object.keys(CALLERS)) {
          id ??= await imageOfKind(service, kind, state);
          const column = columnOf(caller, kind);
          const given: Asked = {
            service,
            ask,
            caller,
            values: { id, web: web.url },
            wanted: column === "hidden" ? 404 : wanted[COLUMNS.indexOf(column)]!,
            label: `${name}, ${kind}: ${caller}`,
          };
          const before = await row(service, id);
          if (!await expect(given, counts)) continue;
          if (name === "post a location" && !["admin", "owner"].includes(column)) {
            assert.deepEqual(await row(service, id), before, `${given.label} has changed the image`);
          }
          id = null;
        }
      }
    }
    counts.check(title, ROWS.length * 6 * 5);
  });

  Deno.test(`${title}: members`, async () => {
    await using service = await startOpen(value, newDefaults);
    const counts = new Counts();
    for (const [name, ask, codes, legacy] of MEMBER_ROWS) {
      const wanted = (!newDefaults && legacy || codes).split(" ").map(Number);
      for (const kind of Object.keys(KINDS)) {
        for (const caller of Object.keys(CALLERS)) {
          const column = columnOf(caller, kind);
          const values = { id: await imageOfKind(service, kind, "queued") };
          const shared = KINDS[kind]!.visibility === "shared";
          // The stranger is no member of the image that is shared with another.
          const missing = kind === "shared with another" && ask.path.endsWith("/p2");
          const status = column === "hidden"
            ? 404
            : !shared
            ? ask.method === "GET" && ask.path !== `${image}/members` ? 404 : 403
            : missing && wanted[COLUMNS.indexOf(column)]! < 400
            ? 404
            : wanted[COLUMNS.indexOf(column)]!;
          const label = `${name}, ${kind}: ${caller}`;
          await expect({ service, ask, caller, values, wanted: status, label }, counts);
        }
      }
    }
    counts.check(title, MEMBER_ROWS.length * 6 * 5);
  });

  Deno.test(`${title}: metadata definitions`, async () => {
    await using service = await startOpen(value, newDefaults);
    const counts = new Counts();
    for (const [method, path, status, body] of NAMESPACE_ROWS) {
      const ask: Ask = { method, path: NAMESPACE + path, body };
      for (const visibility of ["private", "public"]) {
        for (const caller of Object.keys(CALLERS)) {
          const { ns } = await namespace({ ...FULL, visibility, owner: "p1" })(service);
          const foreign = caller === "stranger" || caller === "without project";
          const wanted = visibility === "private" && foreign ? 404 : status;
          const label = `${method} ${path}, ${visibility}: ${caller}`;
          await expect({ service, ask, caller, values: { ns: ns! }, wanted, label }, counts);
        }
      }
    }
    counts.check(title, NAMESPACE_ROWS.length * 2 * 5);
  });

  Deno.test(`${title}: without an image`, async () => {
    await using service = await startOpen(value, newDefaults);
    const counts = new Counts();
    for (const [name, ask, codes, legacy] of OTHER_ROWS) {
      for (const [index, caller] of Object.keys(CALLERS).entries()) {
        const wanted = Number((!newDefaults && legacy || codes).split(" ")[index]);
        await expect({ service, ask, caller, values: {}, wanted, label: `${name}: ${caller}` }, counts);
      }
    }
    counts.check(title, OTHER_ROWS.length * 5);
  });

  Deno.test(`${title}: tasks that name an image of another`, async () => {
    await using web = serveData();
    await using service = await startOpen(value, newDefaults);
    const import_req = { method: { name: "web-download", uri: `${web.url}/data` } };
    const bodies: [state: State, body: (id: string) => { type: string; input: Record<string, unknown> }][] = [
      [
        "queued",
        (image_id) => ({ type: "api_image_import", input: { image_id, import_req, backend: ["a"] } }),
      ],
      [
        "active",
        (image_id) => ({
          type: "api_image_import",
          input: { image_id, import_req: { method: { name: "copy-image" } }, backend: ["b"] },
        }),
      ],
      [
        "queued",
        (image_id) => ({
          type: "location_import",
          input: { image_id, loc_url: `${web.url}/data`, validation_data: {} },
        }),
      ],
    ];
    const ends: Record<string, number> = {};
    for (const [state, body] of bodies) {
      for (const kind of Object.keys(KINDS)) {
        for (const caller of Object.keys(CALLERS)) {
          const id = await imageOfKind(service, kind, state);
          const before = await row(service, id);
          const answer = await service.ask("/v2/tasks", CALLERS[caller]!, { method: "POST", body: body(id) });
          assert.equal(answer.status, 201);
          const { id: task } = await answer.json();
          await service.deps.background.settled();
          const { status, message } = await (await service.ask(`/v2/tasks/${task}`, ADMIN)).json();
          const own = ["admin", "owner"].includes(columnOf(caller, kind));
          const label = `${body(id).type} on ${kind}: ${caller}: ${message}`;
          assert.equal(status, own ? "success" : "failure", label);
          if (!own) assert.deepEqual(await row(service, id), before, `${label} has changed the image`);
          ends[status] = (ends[status] ?? 0) + 1;
        }
      }
    }
    console.log(`${title}: tasks, ${JSON.stringify(ends)}`);
    assert.deepEqual(ends, { success: 48, failure: 42 });
  });
}

Deno.test("a task is seen by its project and administrators alone", async () => {
  await using service = await startOpen("", true);
  const input = { image_id: "none", import_req: { method: { name: "web-download" } }, backend: ["a"] };
  const body = { type: "api_image_import", input };
  const { id } = await (await service.ask("/v2/tasks", OWNER, { method: "POST", body })).json();
  const codes = await Promise.all(
    Object.values(CALLERS).map(async (who) => {
      const answer = await service.ask(`/v2/tasks/${id}`, who);
      await answer.body?.cancel();
      return answer.status;
    }),
  );
  assert.deepEqual(codes, [200, 200, 200, 404, 404]);
});

/** Routes that write and belong to no image or namespace of anybody. */
const ELSEWHERE = new Set(["POST /v2/tasks", "DELETE /v2/tasks/{}", "POST /v2/metadefs/namespaces"]);

Deno.test("every route that writes stands in one of the tables", async () => {
  const text = await Deno.readTextFile(new URL("../../openapi/openapi.json", import.meta.url));
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> };
  const shape = (path: string) => path.replace(/\{\w+\}/g, "{}");
  const tables = [
    ...ROWS.map(([, , ask]) => ask),
    ...MEMBER_ROWS.map(([, ask]) => ask),
    ...OTHER_ROWS.map(([, ask]) => ask),
    ...NAMESPACE_ROWS.map(([method, path]) => ({ method, path: NAMESPACE + path })),
  ];
  const asked = new Set(tables.map(({ method, path }) => `${method} ${path}`));
  const isAsked = (route: string) => {
    const [method, path = ""] = route.split(" ");
    const pattern = new RegExp(`^${method} ${shape(path).replaceAll("{}", "[^/]+")}$`);
    return [...asked].some((one) => pattern.test(one));
  };
  const writes = Object.entries(paths).flatMap(([path, methods]) =>
    ["post", "put", "patch", "delete"].filter((method) => method in methods)
      .map((method) => `${method.toUpperCase()} ${shape(path)}`)
  );
  assert.ok(writes.length > 30);
  assert.deepEqual(writes.filter((route) => !ELSEWHERE.has(route) && !isAsked(route)), []);
});

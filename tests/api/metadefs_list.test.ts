/** Lists of namespaces: paging, order, filters, links (docs/reference/metadefs-api.md §4.3, §13). */
import assert from "node:assert/strict";
import { done } from "../support/metadefs.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER, type TestService } from "../support/service.ts";

const LIST = "/v2/metadefs/namespaces";

/** Five namespaces of two projects; A::1 is the oldest. */
async function seed(service: TestService): Promise<void> {
  const make = (body: Record<string, unknown>) => done(service, `POST ${LIST}`, body);
  await make({
    namespace: "A::1",
    owner: "p1",
    display_name: "zebra",
    resource_type_associations: [{ name: "R 1" }],
  });
  await make({
    namespace: "B::2",
    owner: "p1",
    visibility: "public",
    resource_type_associations: [{ name: "R 1", prefix: "a_" }, { name: "R 2" }],
  });
  await make({ namespace: "C::3", owner: "p2", display_name: "ant" });
  await make({ namespace: "D::4", owner: "p2", visibility: "public", protected: true });
  await make({
    namespace: "E::5",
    owner: "p3",
    description: "d",
    resource_type_associations: [{ name: "R 2" }],
  });
}

const names = (...wanted: string[]): Row["then"] => (_service, _given, body) =>
  assert.deepEqual(JSON.parse(body).namespaces.map((each: { namespace: string }) => each.namespace), wanted);
const list = (name: string, query: string, wanted: string[], more: Partial<Row> = {}): Row => ({
  name,
  who: ADMIN,
  ask: `GET ${LIST}${query}`,
  status: 200,
  then: names(...wanted),
  ...more,
});
const refused = (query: string, status: number): Row => ({
  name: "refused",
  who: ADMIN,
  ask: `GET ${LIST}${query}`,
  status,
});

const ALL = ["E::5", "D::4", "C::3", "B::2", "A::1"];
const ROWS: Row[] = [
  list("newest first", "", ALL, {
    json: { first: LIST, schema: "/v2/schemas/metadefs/namespaces", next: undefined },
  }),
  list("own and public (trap 9)", "", ["D::4", "B::2", "A::1"], { who: OWNER }),
  list("own and public, as a reader", "", ["D::4", "B::2", "A::1"], { who: READER }),
  list("own and public, another project", "", ["D::4", "C::3", "B::2"], { who: STRANGER }),
  list("a page", "?limit=2", ["E::5", "D::4"], {
    json: { first: `${LIST}?limit=2`, next: `${LIST}?limit=2&marker=D%3A%3A4` },
  }),
  list("the next page", "?limit=2&marker=D%3A%3A4", ["C::3", "B::2"], {
    json: { first: `${LIST}?limit=2`, next: `${LIST}?limit=2&marker=B%3A%3A2` },
  }),
  list("the last page", "?limit=2&marker=B::2", ["A::1"], { json: { next: undefined } }),
  list("a full last page has a next (trap 36)", "?limit=5", ALL, {
    json: { next: `${LIST}?limit=5&marker=A%3A%3A1` },
  }),
  list("which leads to an empty page", "?limit=5&marker=A::1", [], { json: { next: undefined } }),
  list("none", "?limit=0", [], { json: { next: undefined } }),
  list("links repeat a limit above the maximum as sent (trap 35)", "?limit=5000", ALL, {
    json: { first: `${LIST}?limit=5000` },
  }),
  list("links repeat other parameters", "?foo=bar&limit=1&foo=%3A", ["E::5"], {
    json: {
      first: `${LIST}?foo=bar&limit=1&foo=%3A`,
      next: `${LIST}?foo=bar&limit=1&foo=%3A&marker=E%3A%3A5`,
    },
  }),
  list("by name", "?sort_key=namespace&sort_dir=asc", ALL.toReversed()),
  list("by name, after a marker", "?sort_key=namespace&sort_dir=asc&marker=C::3", ["D::4", "E::5"]),
  list("by name, downwards after a marker", "?sort_key=namespace&marker=C::3", ["B::2", "A::1"]),
  list("by display name, nothing is least", "?sort_key=display_name&sort_dir=asc", [
    "B::2",
    "D::4",
    "E::5",
    "C::3",
    "A::1",
  ]),
  list("by display name, ties by age, after a marker", "?sort_key=display_name&sort_dir=asc&marker=D::4", [
    "E::5",
    "C::3",
    "A::1",
  ]),
  list("by description", "?sort_key=description", ["E::5", "D::4", "C::3", "B::2", "A::1"]),
  list("by owner", "?sort_key=owner&sort_dir=asc", ["A::1", "B::2", "C::3", "D::4", "E::5"]),
  list("by owner, after a marker", "?sort_key=owner&sort_dir=asc&marker=B::2", ["C::3", "D::4", "E::5"]),
  list("by visibility", "?sort_key=visibility", ["D::4", "B::2", "E::5", "C::3", "A::1"]),
  list("by protection", "?sort_key=protected", ["D::4", "E::5", "C::3", "B::2", "A::1"]),
  list("by change", "?sort_key=updated_at&sort_dir=asc", ALL.toReversed()),
  list("by id is by creation (trap 37)", "?sort_key=id&sort_dir=asc", ALL.toReversed()),
  list("public", "?visibility=public", ["D::4", "B::2"]),
  list("private", "?visibility=private", ["E::5", "C::3", "A::1"]),
  list("private, of a project", "?visibility=private", ["A::1"], { who: OWNER }),
  list("no visibility", "?visibility=", []),
  list("for a type, with all its associations", "?resource_types=R%202", ["E::5", "B::2"], {
    has: '"prefix":"a_"',
  }),
  list("for one type of several", "?resource_types=R%201,R%202,none", ["E::5", "B::2", "A::1"]),
  list("for a type, with visibility, a page", "?resource_types=R%201&visibility=public&limit=1", ["B::2"]),
  list("for an unknown type", "?resource_types=none", []),
  list("for no type", "?resource_types=", []),
  refused("?limit=-1", 400),
  refused("?limit=x", 400),
  refused("?limit=", 400),
  refused("?sort_key=secret", 400),
  refused("?sort_key=", 400),
  refused("?sort_dir=up", 400),
  refused("?visibility=shared", 400),
  refused("?marker=none", 404),
  refused("?marker=", 404),
  { name: "a marker that is not visible", who: OWNER, ask: `GET ${LIST}?marker=C::3`, status: 404 },
  {
    name: "without reader (trap 42)",
    who: { roles: "member", project: "p1" },
    ask: `GET ${LIST}`,
    status: 404,
  },
  { name: "without any role", who: { roles: "x", project: "p1" }, ask: `GET ${LIST}`, status: 404 },
  { name: "without a token", who: null, ask: `GET ${LIST}`, status: 401 },
  list("a body is ignored", "", ALL, { headers: { "content-length": "2" } }),
];

Deno.test("lists of namespaces", async (t) => {
  await using service = await startService();
  await seed(service);
  await runTable(t, service, ROWS);
});

Deno.test("pages of every order hold each namespace once", async () => {
  await using service = await startService();
  await seed(service);
  for (
    const key of [
      "namespace",
      "display_name",
      "description",
      "visibility",
      "protected",
      "owner",
      "updated_at",
    ]
  ) {
    for (const dir of ["asc", "desc"]) {
      const found: string[] = [];
      let next: string | undefined = `${LIST}?limit=2&sort_key=${key}&sort_dir=${dir}`;
      while (next !== undefined) {
        const page = await done(service, `GET ${next}`) as {
          namespaces: { namespace: string }[];
          next?: string;
        };
        found.push(...page.namespaces.map(({ namespace }) => namespace));
        next = page.next;
      }
      assert.deepEqual(found.toSorted(), ALL.toSorted(), `${key} ${dir}`);
      const whole = await done(service, `GET ${LIST}?sort_key=${key}&sort_dir=${dir}`);
      assert.deepEqual(found, (whole.namespaces as { namespace: string }[]).map((each) => each.namespace));
    }
  }
});

Deno.test("the default limit and the most are those of the configuration", async () => {
  await using service = await startService({
    "DEFAULT.limit_param_default": "2",
    "DEFAULT.api_limit_max": "3",
  });
  await seed(service);
  for (const [query, count] of [["", 2], ["?limit=4", 3], ["?limit=1", 1]] as const) {
    const { namespaces, next } = await done(service, `GET ${LIST}${query}`);
    assert.equal((namespaces as unknown[]).length, count, query);
    assert.match(String(next), /marker=/);
  }
});

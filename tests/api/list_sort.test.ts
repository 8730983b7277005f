/** Order of GET /v2/images (docs/reference/images-api.md §4.5, §9.7). */
import assert from "node:assert/strict";
import { fill, listed, names, type Planned } from "../support/filled.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, startService } from "../support/service.ts";

const refuses = (query: string, has: string): Row => ({
  name: query,
  ask: `GET /v2/images?${query}`,
  status: 400,
  has,
});

const IMAGES: Planned[] = [
  { name: "b", size: 5 },
  { name: "a", size: 9 },
  { name: "c", size: 5, body: { disk_format: "iso", container_format: "ovf" } },
  { name: "a", body: { tags: ["second"] } },
];

Deno.test("sorting", async (t) => {
  await using service = await startService();
  const ids = (await fill(service, IMAGES), await listed(service, OWNER)).images.map(({ id }) => id);
  // In the order in which they were made.
  const [b, a1, c, a2] = ids.toReversed() as [string, string, string, string];
  const rows: [query: string, ids: string[]][] = [
    ["", [a2, c, a1, b]],
    ["sort=name", [c, b, a2, a1]],
    ["sort=name:desc", [c, b, a2, a1]],
    ["sort=name:asc", [a1, a2, b, c]],
    ["sort=name:asc,created_at:desc", [a2, a1, b, c]],
    ["sort=name:asc,size", [a1, a2, b, c]],
    ["sort=name:asc,size:asc", [a2, a1, b, c]],
    ["sort=size:asc", [a2, b, c, a1]],
    ["sort=size", [a1, c, b, a2]],
    // Several directions: what decides in the end goes down.
    ["sort=size:asc,disk_format:asc", [a2, c, b, a1]],
    ["sort=status:asc", [b, a1, c, a2]],
    ["sort=created_at:asc", [b, a1, c, a2]],
    ["sort=updated_at:asc", [b, a1, c, a2]],
    ["sort=disk_format:asc", [a2, c, b, a1]],
    ["sort=container_format:asc", [a2, b, a1, c]],
    ["sort=id:asc", [a1, a2, b, c].toSorted()],
    ["sort_key=name", [c, b, a2, a1]],
    ["sort_dir=asc", [b, a1, c, a2]],
    ["sort_key=name&sort_dir=asc", [a1, a2, b, c]],
    ["sort_key=name&sort_key=created_at&sort_dir=asc", [a1, a2, b, c]],
    ["sort_key=name&sort_key=created_at&sort_dir=asc&sort_dir=desc", [a2, a1, b, c]],
    ["sort_key=size&sort_key=name", [a1, c, b, a2]],
  ];
  for (const [query, wanted] of rows) {
    await t.step(query || "default", async () => {
      const label = (id: string) => ({ [b]: "b", [a1]: "a1", [c]: "c", [a2]: "a2" })[id];
      const got = (await listed(service, OWNER, query)).images.map(({ id }) => label(id));
      assert.deepEqual(got, wanted.map(label));
    });
  }
  const KEYS = "It must be one of the following:";
  await runTable(t, service, [
    refuses("sort=owner", `Invalid sort key: owner. ${KEYS}`),
    refuses("sort=visibility:asc", `Invalid sort key: visibility. ${KEYS}`),
    refuses("sort=kind", `Invalid sort key: kind. ${KEYS}`),
    refuses("sort=", `Invalid sort key: . ${KEYS}`),
    refuses("sort=name,", `Invalid sort key: . ${KEYS}`),
    refuses("sort_key=", `Invalid sort key: . ${KEYS}`),
    refuses("sort_key=Name", `Invalid sort key: Name. ${KEYS}`),
    refuses("sort=name:up", "Invalid sort direction: up"),
    refuses("sort=name:ASC", "Invalid sort direction: ASC"),
    refuses("sort=name:", "Invalid sort direction: "),
    refuses("sort_dir=up", "Invalid sort direction: up"),
    refuses("sort=name&sort_key=name", "Old and new sorting syntax cannot be combined"),
    refuses("sort=name&sort_dir=asc", "Old and new sorting syntax cannot be combined"),
    refuses(
      "sort_key=name&sort_dir=asc&sort_dir=desc",
      "Number of sort dirs does not match the number of sort keys",
    ),
    refuses(
      "sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=desc",
      "Number of sort dirs does not match the number of sort keys",
    ),
  ]);
});

Deno.test("every order pages through every image once, nulls too", async (t) => {
  await using service = await startService();
  await fill(service, [
    ...IMAGES,
    { name: "null", body: { name: null } },
    { name: "empty", body: { name: "" } },
    { name: "null again", body: { name: null } },
    { name: "zero", size: 0 },
  ]);
  const all = (await listed(service, OWNER)).images.map(({ id }) => id).toSorted();
  const keys = [
    "name",
    "status",
    "container_format",
    "disk_format",
    "size",
    "id",
    "created_at",
    "updated_at",
  ];
  for (const key of keys) {
    for (const dir of ["asc", "desc"]) {
      await t.step(`${key} ${dir}`, async () => {
        const whole = (await listed(service, OWNER, `sort=${key}:${dir}`)).images.map(({ id }) => id);
        const seen: string[] = [];
        let query: string | undefined = `sort=${key}:${dir}&limit=1`;
        while (query !== undefined) {
          const page = await listed(service, OWNER, query);
          seen.push(...page.images.map(({ id }) => id));
          query = page.next?.split("?")[1];
        }
        assert.deepEqual(seen.toSorted(), all);
        assert.deepEqual(seen, whole);
      });
    }
  }
  await t.step("null names and empty ones stand together", async () => {
    const got = await names(service, OWNER, "sort=name:asc");
    assert.deepEqual(got.slice(0, 3).map((name) => name ?? ""), ["", "", ""]);
  });
});

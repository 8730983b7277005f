/** Filters of GET /v2/images (docs/reference/images-api.md §4.4, §9.7). */
import assert from "node:assert/strict";
import { fill, names, type Planned } from "../support/filled.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";
import { MARIADB } from "../support/mariadb_database.ts";

const refuses = (query: string, has: string | string[] = []): Row => ({
  name: query,
  ask: `GET /v2/images?${query}`,
  status: 400,
  has,
});

const IMAGES: Planned[] = [
  { name: "plain" },
  { name: "a:b", body: { tags: ["red", "big one"] } },
  { name: "a,b", body: { tags: ["red"], kind: "x" } },
  { name: 'say "hi"', body: { kind: "x,y", min_ram: 512 } },
  { name: "back\\slash", body: { kind: "in:x" } },
  { name: "Ünïcode", body: { protected: true, min_disk: 10 } },
  { name: "2020-01-02T03:04:05", body: { page_size: "2" } },
  { name: "in:x" },
  { name: "four", size: 4, body: { virtual: "v" } },
  { name: "ten", size: 10, body: { disk_format: "qcow2", container_format: "ovf" } },
];

/** What matches in other letters: nothing, but on MariaDB. */
const folded = (...names: string[]) => MARIADB === null ? [] : names;

/** [query, names of what matches]; every other image must not. */
const ROWS: [query: string, names: string[]][] = [
  ["name=plain", ["plain"]],
  ["name=Plain", folded("plain")],
  ["name=pla", []],
  ["name=", []],
  ["name=eq:plain", ["plain"]],
  ["name=eq:a:b", ["a:b"]],
  ["name=in:plain,four", ["plain", "four"]],
  ["name=in:%22a:b%22", ["a:b"]],
  ["name=in:a:b", ["a:b"]],
  ["name=in:%22a,b%22,plain", ["a,b", "plain"]],
  ["name=in:%22say%20%5C%22hi%5C%22%22", ['say "hi"']],
  ["name=in:%22back%5C%5Cslash%22", ["back\\slash"]],
  ["name=eq:in:x", ["in:x"]],
  ["name=in:", []],
  ["name=in:nothing", []],
  ["name=a,b", ["a,b"]],
  ["name=2020-01-02T03:04:05", ["2020-01-02T03:04:05"]],
  ["name=%C3%9Cn%C3%AFcode", ["Ünïcode"]],
  ["name=plain&name=four", ["four"]],
  ["status=active", ["four", "ten"]],
  ["status=in:active,saving", ["four", "ten"]],
  ["status=nonsense", []],
  ["status=", []],
  ["status=deleted", []],
  ["status=pending_delete", []],
  ["disk_format=raw", ["four"]],
  ["disk_format=in:raw,qcow2", ["four", "ten"]],
  ["container_format=ovf", ["ten"]],
  ["container_format=eq:bare", ["four"]],
  ["protected=true", ["Ünïcode"]],
  ["protected=false&name=plain", ["plain"]],
  ["tag=red", ["a:b", "a,b"]],
  ["tag=red&tag=big%20one", ["a:b"]],
  ["tag=%20red%20", ["a:b", "a,b"]],
  ["tag=Red", folded("a:b", "a,b")],
  ["tag=", []],
  ["tags=red", []],
  ["size=4", ["four"]],
  ["size=0", []],
  ["size=x", []],
  ["size=", []],
  ["size_min=4", ["four", "ten"]],
  ["size_min=5", ["ten"]],
  ["size_max=4", ["four"]],
  ["size_min=4&size_max=4", ["four"]],
  ["size_min=5&size_max=4", []],
  ["size_min=-1", ["four", "ten"]],
  ["min_ram=512", ['say "hi"']],
  ["min_ram_min=1", ['say "hi"']],
  ["min_ram_max=0&name=plain", ["plain"]],
  ["min_disk=10", ["Ünïcode"]],
  ["min_disk_min=10&min_disk_max=10", ["Ünïcode"]],
  ["virtual_size=4", ["four"]],
  ["virtual_size_min=1", ["four"]],
  ["checksum=f1d3ff8443297732862df21dc4e57262", ["four"]],
  ["os_hash_algo=sha512", ["four", "ten"]],
  ["os_hash_value=none", []],
  ["kind=x", ["a,b"]],
  ["kind=in:x", ["back\\slash"]],
  ["kind=x,y", ['say "hi"']],
  ["kind=X", folded("a,b")],
  ["kind=", []],
  ["page_size=2", ["2020-01-02T03:04:05"]],
  ["foo=bar", []],
  ["foo=", []],
  ["properties=x", []],
  ["locations=x", []],
  ["members=x", []],
  ["name_min=3", []],
  ["foo_max=3", []],
  ["owner=p1&name=plain", ["plain"]],
  ["owner=p2", []],
  ["name=plain&deleted=true", ["plain"]],
  ["name=plain&created_at=gt:2000-01-01", ["plain"]],
  ["created_at=lt:2000-01-01T00:00:00Z", []],
  ["status=active&tag=red", []],
  ["kind=x&tag=red&name=in:plain,%22a,b%22", ["a,b"]],
];

Deno.test("filters", async (t) => {
  await using service = await startService();
  const ids = await fill(service, IMAGES);
  for (const [query, wanted] of ROWS) {
    await t.step(`${query} → ${wanted.length}`, async () => {
      assert.deepEqual((await names(service, OWNER, query)).toSorted(), wanted.toSorted());
    });
  }
  await t.step("id", async () => {
    assert.deepEqual(await names(service, OWNER, `id=${ids.plain}`), ["plain"]);
    assert.deepEqual(await names(service, OWNER, `id=in:${ids.four},${ids.plain}`), ["four", "plain"]);
    assert.deepEqual(await names(service, OWNER, `id=${ids.plain!.toUpperCase()}`), folded("plain"));
  });
  await runTable(t, service, [
    refuses("name=a:b", "Unable to filter by unknown operator 'a'."),
    refuses("name=neq:a", "Unable to filter by unknown operator 'neq'."),
    refuses("id=x:y", "Unable to filter by unknown operator 'x'."),
    refuses("status=gt:active", "Unable to filter by unknown operator 'gt'."),
    refuses("name=in:%22a"),
    refuses("name=in:%22a%22b"),
    refuses("name=in:a%22b%22"),
    refuses("protected=True", "protected"),
    refuses("protected=1", "protected"),
    refuses("protected=", "protected"),
    refuses("size_min=x", "Unable to filter on a range with a non-numeric value."),
    refuses("size_max=", "Unable to filter on a range with a non-numeric value."),
    refuses("min_disk_min=1.5", "Unable to filter on a range with a non-numeric value."),
    refuses("created_at=between:2020-01-01", "Unable to filter on a unknown operator."),
    refuses("created_at=gt:yesterday"),
    refuses("created_at="),
    refuses("updated_at=gt:"),
    refuses("updated_at=2020-13-01"),
    refuses("created_at=2021-02-30"),
    refuses("changes-since=2020-01-01"),
    refuses("changes-since="),
    refuses("name=%FF"),
    refuses("%FF=x"),
  ]);
});

Deno.test("times", async (t) => {
  await using service = await startService();
  const ids = await fill(service, [{ name: "a" }, { name: "b" }, { name: "c" }]);
  const record = async (name: string) =>
    (await service.deps.db.read.images.show({ id: ids[name]!, viewer: { isAdmin: true, projectId: null } }))!;
  const at = (await record("b")).created_at;
  const [day, time] = at.split(" ") as [string, string];
  const zulu = `${day}T${time}Z`;
  const [hours, rest] = [Number(time.slice(0, 2)), time.slice(2)];
  // The same moment in a zone two hours ahead; the day is kept, so only where that is possible.
  const ahead = hours < 22 ? `${day}T${String(hours + 2).padStart(2, "0")}${rest}%2B02:00` : `${zulu}`;
  const rows: [query: string, names: string[]][] = [
    [`created_at=gt:${zulu}`, ["c"]],
    [`created_at=gte:${zulu}`, ["b", "c"]],
    [`created_at=lt:${zulu}`, ["a"]],
    [`created_at=lte:${zulu}`, ["a", "b"]],
    [`created_at=eq:${zulu}`, ["b"]],
    [`created_at=neq:${zulu}`, ["a", "c"]],
    [`created_at=${zulu}`, ["b"]],
    [`created_at=${day}T${time}`, ["b"]],
    [`created_at=${ahead}`, ["b"]],
    [`created_at=gt:${day}`, ["a", "b", "c"]],
    [`created_at=lt:${day}`, []],
    [`created_at=gte:${zulu}&created_at=lt:${zulu}`, ["a"]],
    [`updated_at=gt:${zulu}&name=in:a,b,c`, ["c"]],
  ];
  for (const [query, wanted] of rows) {
    await t.step(query.replace(at.slice(0, 10), "DAY"), async () => {
      assert.deepEqual((await names(service, OWNER, query)).toSorted(), wanted);
    });
  }
  await t.step("updated_at follows a change, created_at does not", async () => {
    await service.patch(ids.a!, OWNER, [{ op: "replace", path: "/name", value: "a" }]);
    assert.deepEqual((await names(service, OWNER, `updated_at=gt:${zulu}`)).toSorted(), ["a", "c"]);
    assert.deepEqual((await names(service, OWNER, `created_at=gt:${zulu}`)).toSorted(), ["c"]);
  });
});

Deno.test("a filter on a property that the caller may not read matches nothing", async () => {
  const dir = await Deno.makeTempDir();
  const file = `${dir}/protections.conf`;
  const rule = (read: string) => `create = admin\nread = ${read}\nupdate = admin\ndelete = admin\n`;
  await Deno.writeTextFile(
    file,
    `[secret_.*]\n${
      rule("admin")
    }\n[.*]\ncreate = member,admin\nread = member,admin\nupdate = member,admin\ndelete = member,admin\n`,
  );
  try {
    await using service = await startService({
      "DEFAULT.property_protection_file": file,
      "DEFAULT.property_protection_rule_format": "roles",
    });
    await fill(service, [{ name: "x", who: ADMIN, body: { owner: "p1", secret_key: "s", open_key: "o" } }]);
    assert.deepEqual(await names(service, ADMIN, "secret_key=s"), ["x"]);
    assert.deepEqual(await names(service, OWNER, "secret_key=s"), []);
    assert.deepEqual(await names(service, OWNER, "open_key=o"), ["x"]);
    const { images } = await (await service.ask("/v2/images", OWNER)).json();
    assert.ok(!("secret_key" in images[0]));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

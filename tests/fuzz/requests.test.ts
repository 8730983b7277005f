/**
 * Thousands of random documents, queries and headers: the response is never 5xx, and a refused request changes nothing.
 * The seed is fixed; `FUZZ_SEED` and `FUZZ_RUNS` choose others.
 */
import assert from "node:assert/strict";
import { PATCH_V20, PATCH_V21 } from "../../openapi/images.ts";
import { Dice } from "../support/random.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

const SEED = Number(Deno.env.get("FUZZ_SEED") ?? 20261124);
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 2000);

const ATTRIBUTES = [
  ..."id name status visibility protected os_hidden owner size virtual_size checksum tags locations min_ram"
    .split(" "),
  ..."min_disk disk_format container_format os_hash_algo os_hash_value created_at updated_at direct_url"
    .split(" "),
  ..."self file schema stores deleted deleted_at is_public validation_data location base".split(" "),
  ..."os_glance_import_task kernel_id foo __proto__ constructor toString hasOwnProperty".split(" "),
];

const TEXTS = [
  ..."public|private|shared|community|all|queued|active|true|false|True|0|1|-1|raw|qcow2|bare|none|null|asc|desc"
    .split("|"),
  ...[
    "",
    " ",
    "\u0000",
    "ü☃",
    "\ud800",
    "a".repeat(255),
    "b".repeat(256),
    "x".repeat(5000),
    "'; DROP TABLE images; --",
  ],
  ...[
    "%",
    "_",
    "%00",
    "in:",
    "in:a,b",
    'in:"',
    'in:"a',
    "gt:5",
    "neq:",
    "eq:::",
    "like:x",
    "gte:2026-01-01T00:00:00Z",
  ],
  ...[
    "lt:9999-99-99",
    "gt:0000-00-00T00:00:00",
    "99999999999999999999",
    "1e400",
    "NaN",
    "Infinity",
    "0x10",
    "1.5",
  ],
  ...[
    "../../etc/passwd",
    "00000000-0000-0000-0000-000000000000",
    "name:asc,id",
    "name:up",
    ",",
    ":",
    "/",
    "~",
    "~2",
  ],
  ...["http://127.0.0.1:1/", "file:///etc/passwd", "http://[::1", "cinder://x", "\r\nx: y"],
];

const NUMBERS = [0, -0, 1, -1, 1.5, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 2 ** 63, 1e308, -1e308];

/** Returns a random JSON value, sometimes one that images have. */
function value(dice: Dice, depth = 0): unknown {
  const kind = dice.below(depth > 2 ? 4 : 8);
  if (kind <= 1) return dice.of(TEXTS);
  if (kind === 2) return dice.of(NUMBERS);
  if (kind === 3) return dice.of([null, true, false]);
  if (kind === 4) return dice.some(3, () => value(dice, depth + 1));
  if (kind === 5) return dice.some(3, () => ({ url: dice.of(TEXTS), metadata: value(dice, depth + 1) }));
  return object(dice, dice.some(4, () => value(dice, depth + 1)));
}

function object(dice: Dice, values: unknown[]): Record<string, unknown> {
  return Object.fromEntries(values.map((one) => [dice.of(dice.hits(0.7) ? ATTRIBUTES : TEXTS), one]));
}

function pointer(dice: Dice): unknown {
  if (dice.hits(0.05)) return value(dice);
  const tail = dice.some(2, () => dice.of([...TEXTS, "-", "0", "1", "01", "~0", "~1", "~", ""]));
  return (dice.hits(0.95) ? "/" : "") + [dice.of(ATTRIBUTES), ...(dice.hits(0.4) ? tail : [])].join("/");
}

/** Returns an operation that the service probably accepts, so that the others meet images of every kind. */
function likely(dice: Dice): unknown {
  const text = dice.of(TEXTS);
  const [name, given] = dice.of<[string, unknown]>([
    ["name", text],
    ["foo", text],
    [`p${dice.below(3)}`, text],
    ["tags", dice.some(3, () => dice.of(TEXTS))],
    ["min_ram", dice.of(NUMBERS)],
    ["os_hidden", dice.hits(0.5)],
    ["protected", dice.hits(0.5)],
    ["visibility", dice.of(["private", "shared", "community", "public"])],
    ["disk_format", dice.of(["raw", "qcow2", "iso"])],
  ]);
  return { op: "add", path: `/${name}`, value: given };
}

function operation(dice: Dice): unknown {
  if (dice.hits(0.6)) return likely(dice);
  if (dice.hits(0.05)) return value(dice);
  const op = dice.of(["add", "replace", "remove", "add", "replace", "remove", "move", "test", "", "ADD"]);
  const given = dice.hits(0.85) ? { value: value(dice) } : {};
  return dice.hits(0.9) ? { op, path: pointer(dice), ...given } : { [op]: pointer(dice), ...given };
}

function document(dice: Dice): unknown {
  if (dice.hits(0.03)) return value(dice);
  if (dice.hits(0.03)) {
    return dice.of(["[", "{", "", "null", '"', "[]]", "\u0000", "[".repeat(5000), "[1e999]"]);
  }
  return [operation(dice), ...dice.some(2, () => operation(dice))];
}

/** Percent-encodes any text, also one with half a surrogate pair. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

/** Checks that the response is not 5xx and that a JSON body is valid; returns the status. */
async function answered(response: Response, what: string): Promise<number> {
  const body = await response.text();
  assert.ok(response.status < 500, `${what} → ${response.status} ${body}`);
  if (/json/.test(response.headers.get("content-type") ?? "")) JSON.parse(body);
  return response.status;
}

/** Counts the responses by status. */
class Statuses extends Map<number, number> {
  count(status: number): void {
    this.set(status, (this.get(status) ?? 0) + 1);
  }
}

async function withImages(
  options: Record<string, string>,
  action: (service: TestService, id: string) => Promise<void>,
): Promise<void> {
  await using service = await startService({
    "DEFAULT.allow_additional_image_properties": "true",
    ...options,
  });
  const { id } = await service.create(OWNER, {
    disk_format: "raw",
    container_format: "bare",
    tags: ["a"],
    foo: "bar",
  });
  await action(service, id);
}

Deno.test("random PATCH documents: never 5xx, and a refused one changes nothing", () =>
  withImages({ "DEFAULT.show_multiple_locations": "true" }, async (service, first) => {
    const dice = new Dice(SEED);
    const statuses = new Statuses();
    let id = first;
    const shown = async () => await (await service.ask(`/v2/images/${id}`, ADMIN)).text();
    let before = await shown();
    for (let run = 0; run < RUNS; run++) {
      const body = document(dice);
      const what = `run ${run}: PATCH ${JSON.stringify(body)}`;
      const type = dice.of([
        PATCH_V21,
        PATCH_V21,
        PATCH_V20,
        "application/json-patch+json",
        "application/json",
      ]);
      const response = await service.ask(`/v2/images/${id}`, dice.of([OWNER, ADMIN]), {
        method: "PATCH",
        headers: { "content-type": type },
        body,
      });
      const status = await answered(response, what);
      statuses.count(status);
      const after = await shown();
      assert.ok(after.startsWith("{"), what);
      if (status >= 400) assert.equal(after, before, what);
      before = after;
      // Sometimes a new image: an accepted change may have given the old one to another owner, or protected it.
      if (run % 200 === 199) {
        id = (await service.create(OWNER, { disk_format: "raw", container_format: "bare", foo: "bar" })).id;
        before = await shown();
      }
    }
    // The service must accept some and refuse some.
    assert.ok(statuses.get(200)! > RUNS / 50, JSON.stringify([...statuses]));
    assert.ok(statuses.get(400)! > RUNS / 50, JSON.stringify([...statuses]));
  }));

Deno.test("random bodies of POST /v2/images, members and locations: never 5xx", () =>
  withImages({}, async (service, id) => {
    const dice = new Dice(SEED + 1);
    const places = [
      "/v2/images",
      "/v2/images",
      `/v2/images/${id}/members`,
      `/v2/images/${id}/locations`,
      "/v2/tasks",
    ];
    places.push(`/v2/images/${id}/import`, "/v2/metadefs/namespaces");
    const statuses = new Statuses();
    for (let run = 0; run < RUNS; run++) {
      const path = dice.of(places);
      const body = dice.hits(0.9) ? object(dice, dice.some(5, () => value(dice))) : document(dice);
      const response = await service.ask(path, dice.of([OWNER, ADMIN]), { method: "POST", body });
      statuses.count(await answered(response, `run ${run}: POST ${path} ${JSON.stringify(body)}`));
    }
    assert.ok(statuses.get(201)! > 10, JSON.stringify([...statuses]));
  }));

Deno.test("random queries of the lists: never 5xx", () =>
  withImages({}, async (service) => {
    const dice = new Dice(SEED + 2);
    const statuses = new Statuses();
    const keys = [
      ...ATTRIBUTES,
      ..."limit marker sort sort_key sort_dir tag member_status size_min size_max changes-since type".split(
        " ",
      ),
    ];
    for (let run = 0; run < RUNS; run++) {
      const pairs = dice.some(4, () =>
        `${encoded(dice.of(dice.hits(0.9) ? keys : TEXTS))}=${encoded(dice.of(TEXTS))}`);
      if (dice.hits(0.05)) {
        pairs.push(dice.of(["%", "%zz=1", "name=%ff", "&&", "=", "name", "tag=%ed%a0%80"]));
      }
      const path = dice.of([
        "/v2/images",
        "/v2/images",
        "/v2/images",
        "/v2/tasks",
        "/v2/metadefs/namespaces",
      ]);
      const response = await service.ask(`${path}?${pairs.join("&")}`, dice.of([OWNER, ADMIN]));
      statuses.count(await answered(response, `run ${run}: GET ${path}?${pairs.join("&")}`));
    }
    assert.ok(statuses.get(200)! > RUNS / 50, JSON.stringify([...statuses]));
    assert.ok(statuses.get(400)! > RUNS / 50, JSON.stringify([...statuses]));
  }));

Deno.test("random headers: never 5xx", () =>
  withImages({}, async (service, id) => {
    const dice = new Dice(SEED + 3);
    const names = [
      ..."accept accept-encoding accept-language content-type content-range content-length range if-range"
        .split(" "),
      ..."x-openstack-image-size x-image-meta-store x-openstack-request-id x-auth-token x-service-token"
        .split(" "),
      ..."x-roles x-project-id x-user-id x-forwarded-for x-forwarded-proto forwarded origin host expect"
        .split(" "),
      ..."access-control-request-method openstack-api-version x-project-domain-id".split(
        " ",
      ),
    ];
    const texts = [
      ...TEXTS,
      ..."bytes=0- bytes=-1 bytes=5-1 bytes=0-99999999999999999999 bytes=a-b bytes=0-0,2-3 */* */json;q=x"
        .split(" "),
      ...[
        "text/html;q=0.1, application/json",
        "[{]",
        "for=;proto=",
        "bytes 0-1/2",
        "application/octet-stream",
      ],
    ].filter((text) => !/[^\x20-\x7e]/.test(text));
    const calls: [string, string][] = [
      ["GET", "/"],
      ["GET", "/v2/images"],
      ["GET", `/v2/images/${id}`],
      ["GET", `/v2/images/${id}/file`],
      ["PUT", `/v2/images/${id}/file`],
      ["PUT", `/v2/images/${id}/stage`],
      ["PATCH", `/v2/images/${id}`],
      ["OPTIONS", "/v2/images"],
      ["POST", "/v2/images"],
      ["GET", "/healthcheck"],
    ];
    for (let run = 0; run < RUNS; run++) {
      const [method, path] = dice.of(calls);
      const headers = Object.fromEntries(dice.some(4, () => [dice.of(names), dice.of(texts)]));
      const body = /^P/.test(method) ? dice.of(["", "x", "{}", "[]"]) : undefined;
      const response = await service.ask(path, dice.of([OWNER, ADMIN, null]), { method, headers, body });
      await answered(response, `run ${run}: ${method} ${path} ${JSON.stringify(headers)}`);
    }
  }));

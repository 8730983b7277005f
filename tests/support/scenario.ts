/**
 * Tables of requests and their expected results. A request that ends with an error must also change nothing: the
 * runner compares the whole database and the store's files with those of before.
 */
import assert from "node:assert/strict";
import { checkAnswer } from "./contract.ts";
import { OWNER, type TestService, type Who } from "./service.ts";
import { snapshot } from "./snapshot.ts";
import { drain } from "./events.ts";
import { MARIADB } from "./mariadb_database.ts";

/** Values for `{name}` in the other fields. */
export type Given = Record<string, string>;

export interface Row {
  /** What this row checks. */
  name: string;
  /** Runs just before the request, for example to create an image; returns values for `{name}`. */
  given?: (service: TestService) => Promise<Given>;
  /** The caller. Default: OWNER; null = a request without a caller. */
  who?: Who | null;
  /** `METHOD /path`. */
  ask: string;
  headers?: Record<string, string>;
  body?: unknown;
  status: number;
  /** Texts that the body must contain. When a refusal has none (or an empty one): the title of the error page. */
  has?: string | string[];
  /** The whole body. */
  text?: string;
  /** The JSON body contains at least this; `undefined` means that the key must be absent. */
  json?: unknown;
  /** Headers of the response; null means that the header must be absent. */
  gives?: Record<string, string | RegExp | null>;
  /**
   * How many notifications of each type the request records, on a service with a driver: `{ "image.create": 1, "*": 0 }`,
   * where `*` are all others.
   */
  events?: Record<string, number>;
  /** The refused request may change something (`updated_at`); `then` checks what must not change. */
  mayChange?: true;
  /** What is otherwise on MariaDB, whose collation takes some texts for the same. */
  onMariadb?: Partial<Row>;
  /** Checks more afterwards. */
  then?: (service: TestService, given: Given, body: string) => Promise<void> | void;
}

/** Runs the rows one after the other, each as a step. */
export async function runTable(
  t: Deno.TestContext,
  service: TestService,
  rows: readonly Row[],
  common: Given = {},
): Promise<void> {
  for (const { onMariadb, ...everywhere } of rows) {
    const row = MARIADB === null ? everywhere : { ...everywhere, ...onMariadb };
    await t.step(`${row.name} — ${row.ask.slice(0, 80)} → ${row.status}`, () => runRow(service, row, common));
  }
}

async function runRow(service: TestService, row: Row, common: Given): Promise<void> {
  const given = { ...common, ...await row.given?.(service) };
  const ask = fill(row.ask, given);
  const mark = ask.indexOf(" ");
  const [method, path] = [ask.slice(0, mark), ask.slice(mark + 1)];
  if (row.events) await drain(service);
  const before = row.status >= 400 && !row.mayChange ? await snapshot(service) : null;
  const response = await service.ask(path, row.who === undefined ? OWNER : row.who, {
    method,
    ...(row.headers ? { headers: row.headers } : {}),
    ...(row.body === undefined ? {} : { body: fillBody(row.body, given) }),
  });
  const body = await response.text();
  assert.equal(response.status, row.status, `status of ${ask}: ${body.slice(0, 300)}`);
  for (const part of textsOf(row)) {
    const wanted = fill(part, given);
    assert.ok(body.includes(wanted), `'${wanted}' is not in: ${body}`);
  }
  if (row.text !== undefined) assert.equal(body, fill(row.text, given));
  if (row.json !== undefined) holds(JSON.parse(body), fillBody(row.json, given), "body");
  for (const [name, value] of Object.entries(row.gives ?? {})) {
    const found = response.headers.get(name);
    if (value instanceof RegExp) assert.match(found ?? "", value, `header ${name}`);
    else assert.equal(found, value === null ? null : fill(value, given), `header ${name}`);
  }
  const negotiated = row.headers?.accept?.startsWith("application/vnd.openstack.images-");
  if (method !== "HEAD" && method !== "OPTIONS" && !negotiated) checkAnswer(method, path, response, body);
  if (row.events) assert.deepEqual(countEvents(await drain(service), row.events), row.events);
  if (before !== null) assert.equal(await snapshot(service), before, "the refused request changed something");
  await row.then?.(service, given, body);
}

/** Counts the events of each named type, and all others under `*`. */
function countEvents(events: readonly { type: string }[], named: Record<string, number>) {
  const counts = Object.fromEntries(Object.keys(named).map((type) => [type, 0]));
  for (const { type } of events) {
    const counted = Object.hasOwn(named, type) ? type : "*";
    if (Object.hasOwn(counts, counted)) counts[counted]!++;
  }
  return counts;
}

/** Returns the texts to look for; for a refusal without one, the title of its page. (Every body contains an empty text.) */
function textsOf({ ask, status, has, text, json }: Row): string[] {
  const parts = [has ?? []].flat().filter((part) => part !== "");
  const silent = status < 400 || ask.startsWith("HEAD ") || text !== undefined || json !== undefined;
  return parts.length > 0 || silent ? parts : [`${status} `];
}

function fill(text: string, given: Given): string {
  return text.replaceAll(/\{(\w+)\}/g, (all, name) => given[name] ?? all);
}

function fillBody(body: unknown, given: Given): unknown {
  if (typeof body === "string") return fill(body, given);
  if (Array.isArray(body)) return body.map((each) => fillBody(each, given));
  if (typeof body !== "object" || body === null || Object.getPrototypeOf(body) !== Object.prototype) {
    return body;
  }
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [fill(key, given), fillBody(value, given)]),
  );
}

function holds(found: unknown, wanted: unknown, where: string): void {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) {
    assert.deepEqual(found, wanted, where);
    return;
  }
  assert.ok(typeof found === "object" && found !== null, `${where} is not an object`);
  for (const [key, value] of Object.entries(wanted)) {
    const inner = (found as Record<string, unknown>)[key];
    if (value === undefined) assert.ok(!Object.hasOwn(found, key), `${where}.${key} must be absent`);
    else holds(inner, value, `${where}.${key}`);
  }
}

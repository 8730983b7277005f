/** Requests to servers of a fleet without Keystone, and what the checks of several of them share. */
import assert from "node:assert/strict";
import type { Node } from "./fleet.ts";
import { noise, until } from "../../support/served.ts";

/** Callers, as USER:PROJECT:ROLES. */
export const OWNER = "olivia:p1:member,reader";
export const STRANGER = "max:p2:member,reader";
export const ADMIN = "root:cloud:admin,member,reader";

/** What the images hold. */
export const DATA = noise(300_000);

/** Of an import's body: into one of the two stores. */
export const IMPORT = { all_stores: false, stores: ["first"] };

/** The options of both programs. */
export const SET = {
  DEFAULT: {
    show_multiple_locations: "true",
    enabled_import_methods: "[glance-direct,web-download,copy-image]",
  },
  import_filtering_opts: { allowed_hosts: "[127.0.0.1]", allowed_ports: "[]" },
  oneglance: { outbound_allowed_networks: "127.0.0.0/8", identity_headers_from: "127.0.0.0/8" },
};

/** The same identity for Glance (a token that trusted_identity.py believes) and oneglance (headers of a proxy). */
export function headersOf(who: string): Record<string, string> {
  const [user, project, roles] = who.split(":") as [string, string, string];
  return {
    "x-auth-token": who,
    "x-identity-status": "Confirmed",
    "x-user-id": user,
    "x-project-id": project,
    "x-roles": roles,
  };
}

export interface Asked {
  status: number;
  text: string;
  /** The body, which must be JSON. */
  // deno-lint-ignore no-explicit-any -- documents of the API
  json: any;
}

type Body = string | Uint8Array | ReadableStream<Uint8Array> | Record<string, unknown> | unknown[];

const isBytes = (body: Body): body is string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> =>
  typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;

/**
 * `METHOD /path` at a server. A text, bytes or a stream goes as data, an array as a JSON patch, an object as JSON.
 * Throws when the status is another than `expected`; without one, every status below 400 is good.
 */
export async function ask(
  { url }: Pick<Node, "url">,
  request: string,
  { who = OWNER, body, expected }: { who?: string; body?: Body; expected?: number } = {},
): Promise<Asked> {
  const [method, path] = request.split(" ") as [string, string];
  const type: Record<string, string> = body === undefined
    ? {}
    : isBytes(body)
    ? { "content-type": "application/octet-stream" }
    : Array.isArray(body)
    ? { "content-type": "application/openstack-images-v2.1-json-patch" }
    : { "content-type": "application/json" };
  const response = await fetch(url + path, {
    method,
    headers: { ...headersOf(who), ...type },
    body: body === undefined || isBytes(body) ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const good = expected === undefined ? response.status < 400 : response.status === expected;
  if (!good) throw new Error(`${url}: ${request}: ${response.status} ${text}`);
  return {
    status: response.status,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

/** Creates an image at a server; returns its id. */
export async function create(node: Node, more: Record<string, unknown> = {}, who = OWNER): Promise<string> {
  const body = { disk_format: "raw", container_format: "bare", ...more };
  return (await ask(node, "POST /v2/images", { who, body, expected: 201 })).json.id;
}

/** Shows an image; throws unless both servers show the same. */
export async function shown(nodes: readonly Node[], id: string, who = OWNER) {
  const [first, ...others] = await Promise.all(
    nodes.map(async (node) => {
      const image = (await ask(node, `GET /v2/images/${id}`, { who })).json;
      // Glance keeps the tags in a set: their order is different each time.
      return { ...image, tags: image.tags.sort() };
    }),
  );
  for (const other of others) assert.deepEqual(other, first);
  return first;
}

/** Waits until an image has this status at a server. */
export async function becomes(node: Node, id: string, status: string): Promise<void> {
  let last: Record<string, unknown> = {};
  try {
    await until(`${id} ${status}`, async () => {
      last = (await ask(node, `GET /v2/images/${id}`, { who: ADMIN })).json;
      return last.status === status && !last.os_glance_import_task;
    }, 30);
  } catch (error) {
    throw new Error(`${node.program} shows ${JSON.stringify(last)}`, { cause: error });
  }
}

/** Downloads an image that holds DATA. */
export async function downloads(node: Pick<Node, "url">, id: string): Promise<void> {
  const response = await fetch(`${node.url}/v2/images/${id}/file`, {
    headers: headersOf(OWNER),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.deepEqual([response.status, bytes.length], [200, DATA.length], node.url);
  assert.ok(bytes.every((byte, at) => byte === DATA[at]));
}

/** A body whose rest comes only when `finish` is called. */
export function slowBody(first: Uint8Array, rest: Uint8Array) {
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      await promise;
      controller.enqueue(rest);
      controller.close();
    },
  });
  return { body, finish };
}

/** A server of data for web-download. */
export interface DataServer {
  url: string;
  /** How many requests for /slow have not got the rest. */
  waiting(): number;
  /** Waits for a request for /slow, which got the first half of the data, and sends the rest. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; /slow gives the second half of the data when `finish` is called, everything else the whole at once. */
export function dataServer(data: Uint8Array<ArrayBuffer>): DataServer {
  const waiting: (() => void)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const length = { headers: { "content-length": `${data.length}` } };
    if (!request.url.endsWith("/slow")) return new Response(data, length);
    const middle = data.length >> 1;
    const { body, finish } = slowBody(data.subarray(0, middle), data.subarray(middle));
    waiting.push(finish);
    return new Response(body, length);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    waiting: () => waiting.length,
    async finish() {
      await until("a request for /slow", () => waiting.length > 0);
      waiting.shift()!();
    },
    async stop() {
      // What nobody waits for any more, too.
      for (const finish of waiting.splice(0)) finish();
      await server.shutdown();
    },
  };
}

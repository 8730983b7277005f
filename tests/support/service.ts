/**
 * A whole service in this process for scenario tables: real database, real file stores in a temporary folder,
 * requests through `app.request`. Identity headers name the caller; this service trusts them.
 */
import { join } from "node:path";
import { buildApp } from "../../src/app.ts";
import { compose } from "../../src/compose.ts";
import { configFrom } from "../../src/config/config.ts";
import type { Deps } from "../../src/deps.ts";
import { getLog } from "../../src/observe/log.ts";
import { withPaste } from "../../src/paste/apply.ts";
import { WORKERS } from "../../workers.ts";
import { newDatabase, type TestDatabase } from "./test_database.ts";

/** The caller of a request: roles and project. */
export interface Who {
  roles: string;
  project?: string;
  user?: string;
  /** More headers, for example a service's roles. */
  headers?: Record<string, string>;
}

export const ADMIN: Who = { roles: "admin,member,reader", project: "admin-project" };
export const OWNER: Who = { roles: "member,reader", project: "p1" };
export const READER: Who = { roles: "reader", project: "p1" };
export const STRANGER: Who = { roles: "member,reader", project: "p2" };
export const SERVICE: Who = { roles: "service", project: "service-project" };

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  /** Sent as JSON unless it is a string, bytes or a stream. */
  body?: unknown;
}

export interface TestService extends AsyncDisposable {
  dir: string;
  deps: Deps;
  database: TestDatabase;
  ask(path: string, who: Who | null, asked?: Asked): Promise<Response>;
  /** Creates an image by POST; returns the body. */
  create(who: Who, body?: Record<string, unknown>): Promise<Record<string, unknown> & { id: string }>;
  /** Uploads bytes; fails the test unless the status is 204. */
  upload(id: string, who: Who, bytes: Uint8Array | string): Promise<void>;
  /** Sends a PATCH in the v2.1 dialect. */
  patch(id: string, who: Who, operations: unknown): Promise<Response>;
}

export const PATCH_TYPE = "application/openstack-images-v2.1-json-patch";

/** Starts a service. `options` are texts by `GROUP.option`, as in a configuration file; companion files are in `dir`. */
export async function startService(options: Record<string, string> = {}): Promise<TestService> {
  const dir = await Deno.makeTempDir({ prefix: "oneglance-test-" });
  const database = await newDatabase(dir);
  const clean = async () => {
    await database[Symbol.asyncDispose]();
    await Deno.remove(dir, { recursive: true });
  };
  const given = configFrom({
    "database.connection": database.connection,
    "glance_store.filesystem_store_datadir": join(dir, "images"),
    "DEFAULT.node_staging_uri": `file://${join(dir, "staging")}`,
    "os_glance_staging_store.filesystem_store_datadir": join(dir, "staging"),
    "os_glance_tasks_store.filesystem_store_datadir": join(dir, "tasks"),
    "paste_deploy.flavor": "keystone",
    "keystone_authtoken.auth_url": "http://127.0.0.1:9/v3",
    "keystone_authtoken.www_authenticate_uri": "http://keystone.example/v3",
    "keystone_authtoken.auth_type": "password",
    "keystone_authtoken.username": "glance",
    "keystone_authtoken.password": "secret",
    "keystone_authtoken.user_domain_name": "Default",
    "keystone_authtoken.project_name": "service",
    "keystone_authtoken.project_domain_name": "Default",
    "oneglance.identity_headers_from": "127.0.0.1",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8, ::1/128",
    "import_filtering_opts.allowed_ports": "[]",
    "healthcheck.disable_by_file_path": join(dir, "healthcheck_disable"),
    ...Object.fromEntries(
      Object.entries(options).map(([key, text]) => [key, text.replaceAll("{dir}", dir)]),
    ),
  }, { searchPath: [dir] });
  const config = withPaste(given, getLog("oneglance.paste"));
  const { deps, close } = await compose(config, { workers: WORKERS, sync: "auto" }).catch(async (error) => {
    await clean();
    throw error;
  });
  const app = buildApp(deps);

  const ask: TestService["ask"] = async (path, who, { method = "GET", headers = {}, body } = {}) => {
    const raw = body === undefined || typeof body === "string" || body instanceof Uint8Array ||
      body instanceof ReadableStream;
    const payload = raw ? body : JSON.stringify(body);
    const length: Record<string, string> = typeof payload === "string"
      ? { "content-length": String(new TextEncoder().encode(payload).length) }
      : payload instanceof Uint8Array
      ? { "content-length": String(payload.length) }
      : payload instanceof ReadableStream
      ? { "transfer-encoding": "chunked" }
      : {};
    return await app.request(path, {
      method,
      headers: { accept: "application/json", ...length, ...identity(who), ...headers },
      ...(payload === undefined ? {} : { body: payload as BodyInit }),
    }, { peer: "127.0.0.1" });
  };

  return {
    dir,
    deps,
    database,
    ask,
    async create(who, body = {}) {
      const response = await ask("/v2/images", who, { method: "POST", body });
      if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
      return await response.json();
    },
    async upload(id, who, bytes) {
      const response = await ask(`/v2/images/${id}/file`, who, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: bytes,
      });
      if (response.status !== 204) throw new Error(`upload: ${response.status} ${await response.text()}`);
    },
    patch: (id, who, operations) =>
      ask(`/v2/images/${id}`, who, {
        method: "PATCH",
        headers: { "content-type": PATCH_TYPE },
        body: operations,
      }),
    async [Symbol.asyncDispose]() {
      await close();
      await clean();
    },
  };
}

function identity(who: Who | null): Record<string, string> {
  if (!who) return { "x-identity-status": "Invalid" };
  return {
    "x-identity-status": "Confirmed",
    "x-user-id": who.user ?? "user",
    ...(who.project === undefined ? {} : { "x-project-id": who.project }),
    "x-roles": who.roles,
    ...who.headers,
  };
}

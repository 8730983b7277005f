/** A service whose policy rules allow everybody, as policy files before Wallaby do, and images of all kinds for it. */
import { DEFAULT_RULES } from "../../src/policy/defaults.ts";
import { FORMATS } from "./imports.ts";
import { ADMIN, OWNER, PATCH_TYPE, startService, STRANGER, type TestService, type Who } from "./service.ts";

/** Starts a service whose rules all have this value; `context_is_admin` keeps its own, else every caller is an administrator. */
export async function startOpen(value: "" | "@", enforceNewDefaults: boolean): Promise<TestService> {
  const names = DEFAULT_RULES.map(({ name }) => name).filter((name) => name !== "context_is_admin");
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(file, JSON.stringify(Object.fromEntries(names.map((name) => [name, value]))));
  const service = await startService({
    "DEFAULT.enabled_backends": "a:file,b:file,web:http",
    "glance_store.default_backend": "a",
    "a.filesystem_store_datadir": "{dir}/a",
    "b.filesystem_store_datadir": "{dir}/b",
    "DEFAULT.show_multiple_locations": "true",
    "oslo_policy.policy_file": file,
    "oslo_policy.enforce_new_defaults": String(enforceNewDefaults),
  });
  const close = service[Symbol.asyncDispose];
  return Object.assign(service, {
    async [Symbol.asyncDispose]() {
      await close();
      await Deno.remove(file);
    },
  });
}

/** Callers: an administrator, two of the owning project, one of another, one of none. */
export const CALLERS: Record<string, Who> = {
  admin: ADMIN,
  owner: OWNER,
  "owner without role": { roles: "nothing", project: "p1" },
  stranger: STRANGER,
  "without project": { roles: "member,reader" },
};

interface Kind {
  visibility: string;
  owner: string | null;
  members: string[];
  /** The column of a stranger and of a caller without project. */
  columns: Record<"stranger" | "without project", Column>;
}

/** `hidden` needs no column: the service responds 404. */
export type Column = "admin" | "owner" | "member" | "open" | "nobody's" | "hidden";

const HIDDEN = { stranger: "hidden", "without project": "hidden" } as const;
const OPEN = { stranger: "open", "without project": "open" } as const;

export const KINDS: Record<string, Kind> = {
  private: { visibility: "private", owner: "p1", members: [], columns: HIDDEN },
  "shared with another": { visibility: "shared", owner: "p1", members: ["p5"], columns: HIDDEN },
  "shared with the stranger": {
    visibility: "shared",
    owner: "p1",
    members: ["p2", "p5"],
    columns: { stranger: "member", "without project": "hidden" },
  },
  community: { visibility: "community", owner: "p1", members: [], columns: OPEN },
  public: { visibility: "public", owner: "p1", members: [], columns: OPEN },
  "public of nobody": {
    visibility: "public",
    owner: null,
    members: [],
    columns: { stranger: "nobody's", "without project": "nobody's" },
  },
};

/** Returns the column of the tables for a caller on an image of a kind. */
export function columnOf(caller: string, kind: string): Column {
  const { owner, columns } = KINDS[kind]!;
  if (caller === "admin") return "admin";
  if (caller === "stranger" || caller === "without project") return columns[caller];
  return owner === null ? "nobody's" : "owner";
}

export type State = "queued" | "active" | "deactivated" | "protected" | "staged" | "copied";

/** Creates an image of a kind as the administrator. */
export async function imageOfKind(service: TestService, kind: string, state: State): Promise<string> {
  const { visibility, owner, members } = KINDS[kind]!;
  const { id } = await service.create(ADMIN, {
    ...FORMATS,
    name: "first",
    owner,
    visibility,
    tags: ["old"],
    there: "x",
    protected: state === "protected",
  });
  const path = `/v2/images/${id}`;
  const expect = async (wanted: number, method: string, rest: string, body?: unknown, headers = {}) => {
    const asked = { method, headers, ...(body === undefined ? {} : { body }) };
    const answer = await service.ask(path + rest, ADMIN, asked);
    const text = await answer.text();
    if (answer.status !== wanted) throw new Error(`${method} ${rest}: ${answer.status} ${text}`);
  };
  const octets = { "content-type": "application/octet-stream" };
  for (const member of members) await expect(200, "POST", "/members", { member });
  if (state === "staged") await expect(204, "PUT", "/stage", "data", octets);
  if (["active", "deactivated", "copied"].includes(state)) await service.upload(id, ADMIN, "data");
  if (state === "deactivated") await expect(204, "POST", "/actions/deactivate");
  if (state === "copied") {
    await expect(202, "POST", "/import", { method: { name: "copy-image" }, stores: ["b"] });
    await service.deps.background.settled();
  }
  return id;
}

/** One request on an image; `{id}` is its id, `{web}` a web server. */
export interface Ask {
  method: string;
  path: string;
  body?: unknown;
}

const image = "/v2/images/{id}";

export function patch(...operations: unknown[]): Ask {
  return { method: "PATCH", path: image, body: operations };
}

/** Sends the request as a caller; `values` fill the `{name}` places. */
export async function send(
  service: TestService,
  { method, path, body }: Ask,
  who: Who,
  values: Record<string, string>,
): Promise<Response> {
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? `{${name}}`);
  const type = method === "PATCH" ? PATCH_TYPE : typeof body === "string" ? "application/octet-stream" : null;
  return await service.ask(fill(path), who, {
    method,
    ...(type === null ? {} : { headers: { "content-type": type } }),
    ...(body === undefined
      ? {}
      : { body: typeof body === "string" ? body : JSON.parse(fill(JSON.stringify(body))) }),
  });
}

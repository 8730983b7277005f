/** What a server answers to every GET about the rows of its database, for several callers. */

/** USER:PROJECT:ROLE[,ROLE]: the token that trusted_identity.py believes. */
export const CALLERS = {
  admin: "root:cloud:admin,member,reader",
  owner: "olivia:p1:member,reader",
  member: "max:p2:member,reader",
  stranger: "sam:p3:member,reader",
};

/** The headers of a caller, as the one (a token) and the other (identity headers of a proxy) understand them. */
export function headersOf(token: string): Record<string, string> {
  const [user, project, roles] = token.split(":") as [string, string, string];
  return {
    "X-Auth-Token": token,
    "X-Identity-Status": "Confirmed",
    "X-User-Id": user,
    "X-Project-Id": project,
    "X-Roles": roles,
  };
}

/** Status (0: no answer that HTTP knows), and the document of a 200: of JSON its value, of data its length and hash. */
export type Answers = Record<string, { status: number; document: unknown }>;

const LISTS = [
  "limit=45",
  "limit=1000",
  ...["name", "container_format", "size", "updated_at"].map((key) => `limit=70&sort_key=${key}&sort_dir=asc`),
  ...["status", "disk_format", "id", "created_at", "name"].map((key) => `limit=80&sort=${key}:desc`),
  "limit=90&sort=name:asc,size:desc",
  ...["public", "private", "shared", "community", "all"].map((value) => `visibility=${value}&limit=50`),
  ...["accepted", "pending", "rejected", "all"].map((value) => `visibility=shared&member_status=${value}`),
  ...[
    "queued",
    "active",
    "deactivated",
    "saving",
    "importing",
    "uploading",
    "killed",
    "deleted",
    "pending_delete",
  ]
    .map((value) => `status=${value}&limit=100`),
  "os_hidden=true&limit=100",
  "owner=p1&limit=100",
  "owner=P1&limit=100",
  "protected=true&limit=100",
  "tag=blue&limit=100",
  "tag=Blue&limit=100",
  "tag=blue&tag=red&limit=100",
  "tag=gr%C3%BCn&limit=100",
  "name=image%207&limit=100",
  "name=IMAGE%207&limit=100",
  "name=in:image%207,image%208&limit=100",
  "name=&limit=100",
  "disk_format=raw&limit=100",
  "disk_format=in:raw,qcow2&limit=100",
  "size_min=100&size_max=2000&limit=100",
  "os_type=linux&limit=100",
  "os_type=LINUX&limit=100",
  "long=nothing&limit=100",
  "created_at=gt:2020-01-01T00:00:00Z&limit=100",
  "updated_at=lt:2020-01-01T00:00:00Z&limit=100",
];

class Asker {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #who: string;
  readonly answers: Answers = {};

  constructor(base: string, who: keyof typeof CALLERS) {
    this.#base = base;
    this.#who = who;
    this.#headers = headersOf(CALLERS[who]);
  }

  async get(path: string): Promise<unknown> {
    const response = await fetch(this.#base + path, { headers: this.#headers }).catch(() => null);
    let document: unknown = null;
    if (response === null) {
      this.answers[`${this.#who} GET ${path}`] = { status: 0, document };
      return null;
    }
    if (response.status !== 200) await response.body?.cancel();
    else if (response.headers.get("content-type")?.includes("json")) document = await response.json();
    else document = await summaryOf(response);
    this.answers[`${this.#who} GET ${path}`] = { status: response.status, document };
    return document;
  }

  /** Every page; returns the rows of all. */
  async pages(path: string, name: string): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (let next: string | undefined = path; next;) {
      const page = await this.get(next) as Record<string, unknown> | null;
      rows.push(...(page?.[name] ?? []) as Record<string, unknown>[]);
      next = page?.next as string | undefined;
    }
    return rows;
  }
}

async function summaryOf(response: Response): Promise<unknown> {
  const bytes = await response.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { bytes: bytes.byteLength, sha256: hash.toHex(), type: response.headers.get("content-type") };
}

/** Asks for everything; `ids`: images that are asked for whether or not a list shows them. */
export async function everyGet(base: string, ids: readonly string[]): Promise<Answers> {
  // The first show of an image whose location names no store writes the store there, in Glance as in oneglance.
  const first = new Asker(base, "admin");
  for (const id of ids) await first.get(`/v2/images/${id}`);
  const callers = Object.keys(CALLERS) as (keyof typeof CALLERS)[];
  const all = await Promise.all(callers.map(async (who) => {
    const asker = new Asker(base, who);
    for (const query of LISTS) await asker.pages(`/v2/images?${query}`, "images");
    for (const id of ids) {
      await asker.get(`/v2/images/${id}`);
      await asker.get(`/v2/images/${id}/members`);
      await asker.get(`/v2/images/${id}/members/p2`);
      await asker.get(`/v2/images/${id}/file`);
    }
    for (const task of await asker.pages("/v2/tasks?limit=5", "tasks")) {
      await asker.get(`/v2/tasks/${task.id}`);
    }
    await askMetadefs(asker);
    return asker.answers;
  }));
  return Object.assign({}, ...all);
}

async function askMetadefs(asker: Asker): Promise<void> {
  await asker.get("/v2/metadefs/resource_types");
  const root = "/v2/metadefs/namespaces";
  for (const { namespace } of await asker.pages(`${root}?limit=3`, "namespaces")) {
    const path = `${root}/${encodeURIComponent(String(namespace))}`;
    await asker.get(path);
    for (const part of ["objects", "properties", "tags", "resource_types"]) {
      await asker.get(`${path}/${part}`);
    }
  }
}

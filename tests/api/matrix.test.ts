/** Who may do what: docs/reference/policy.md §6.1, for every caller, visibility and status. */
import assert from "node:assert/strict";
import { THREE_STORES } from "../support/imports.ts";
import { ADMIN, OWNER, startService, type TestService, type Who } from "../support/service.ts";

/** Callers by the letters of the spec's table. */
const CALLERS: Record<string, Who> = {
  A: ADMIN,
  O: OWNER,
  R: { roles: "reader", project: "p1" },
  M: { roles: "member", project: "p1" },
  N: { roles: "nothing", project: "p1" },
  X: { roles: "member,reader", project: "p2" },
  S: { roles: "service", project: "p3" },
};

/** Visibility classes: P hidden from X and S, H shared with both, C open to all. */
const CLASSES: Record<string, { letter: "P" | "H" | "C"; visibility: string; members: string[] }> = {
  private: { letter: "P", visibility: "private", members: [] },
  "shared with nobody": { letter: "P", visibility: "shared", members: [] },
  "shared, pending": { letter: "H", visibility: "shared", members: ["p2", "p3"] },
  community: { letter: "C", visibility: "community", members: [] },
  public: { letter: "C", visibility: "public", members: [] },
};

type Status = "queued" | "active" | "deactivated";
const STATUSES: Status[] = ["queued", "active", "deactivated"];

/** Columns A O R M N, X on P H C, S on P and on H or C; `+` stands for success. */
const EXPECTED: Record<string, string> = {
  //                  A   O   R   M   N   XP  XH  XC  SP  SHC
  show: "+ + + 404 404 404 + + 404 404",
  tasks: "+ + + 404 404 404 + + 404 404",
  download: "+ + 403 + 404 404 + + 404 404",
  rename: "+ + 403 + 404 404 403 403 404 404",
  tag: "+ + 403 + 404 404 403 403 404 404",
  upload: "+ + 403 + 404 404 403 403 404 404",
  stage: "+ + 403 + 404 404 403 403 404 404",
  deactivate: "+ + 403 + 404 404 403 403 404 404",
  reactivate: "+ + 403 + 404 404 403 403 404 404",
  "make public": "+ 403 403 403 403 404 403 403 404 403",
  "make community": "+ + 403 + 403 404 403 403 404 403",
  "give away": "+ 403 403 403 403 404 403 403 404 403",
  locations: "+ 403 403 404 404 404 403 403 404 +",
  delete: "+ + 403 + 404 404 403 403 404 404",
};

const COLUMNS = ["A", "O", "R", "M", "N", "XP", "XH", "XC", "SP", "SH"];

function expected(operation: string, caller: string, letter: string): string {
  const column = caller === "X" ? `X${letter}` : caller === "S" ? letter === "P" ? "SP" : "SH" : caller;
  return EXPECTED[operation]!.split(" ")[COLUMNS.indexOf(column)]!;
}

/** The answer to a caller whom policy lets pass, by the image's status. */
const SUCCESS: Record<string, Record<Status, number>> = {
  show: { queued: 200, active: 200, deactivated: 200 },
  tasks: { queued: 200, active: 200, deactivated: 200 },
  download: { queued: 204, active: 200, deactivated: 200 },
  rename: { queued: 200, active: 200, deactivated: 200 },
  tag: { queued: 204, active: 204, deactivated: 204 },
  upload: { queued: 204, active: 409, deactivated: 409 },
  stage: { queued: 204, active: 409, deactivated: 409 },
  deactivate: { queued: 403, active: 204, deactivated: 204 },
  reactivate: { queued: 403, active: 204, deactivated: 204 },
  "make public": { queued: 200, active: 200, deactivated: 200 },
  "make community": { queued: 200, active: 200, deactivated: 200 },
  "give away": { queued: 200, active: 200, deactivated: 200 },
  locations: { queued: 200, active: 200, deactivated: 200 },
  delete: { queued: 204, active: 204, deactivated: 204 },
};

async function perform(service: TestService, operation: string, id: string, who: Who): Promise<Response> {
  const path = `/v2/images/${id}`;
  const replace = (name: string, value: unknown) =>
    service.patch(id, who, [{ op: "replace", path: `/${name}`, value }]);
  switch (operation) {
    case "show":
      return await service.ask(path, who);
    case "tasks":
      return await service.ask(`${path}/tasks`, who);
    case "download":
      return await service.ask(`${path}/file`, who);
    case "rename":
      return await replace("name", "other");
    case "tag":
      return await service.ask(`${path}/tags/t`, who, { method: "PUT" });
    case "upload":
    case "stage":
      return await service.ask(`${path}/${operation === "stage" ? "stage" : "file"}`, who, {
        method: "PUT",
        headers: { "content-type": "application/octet-stream" },
        body: "new data",
      });
    case "deactivate":
    case "reactivate":
      return await service.ask(`${path}/actions/${operation}`, who, { method: "POST" });
    case "make public":
      return await replace("visibility", "public");
    case "make community":
      return await replace("visibility", "community");
    case "give away":
      return await replace("owner", "p9");
    case "locations":
      return await service.ask(`${path}/locations`, who);
    case "delete":
      return await service.ask(path, who, { method: "DELETE" });
    default:
      throw new Error(operation);
  }
}

async function makeImage(service: TestService, kind: string, status: Status): Promise<string> {
  const { visibility, members } = CLASSES[kind]!;
  const { id } = await service.create(ADMIN, {
    owner: "p1",
    visibility,
    disk_format: "raw",
    container_format: "bare",
    name: "first",
  });
  for (const member of members) {
    await (await service.ask(`/v2/images/${id}/members`, ADMIN, { method: "POST", body: { member } })).body
      ?.cancel();
  }
  if (status !== "queued") await service.upload(id, ADMIN, "data");
  if (status === "deactivated") {
    await service.ask(`/v2/images/${id}/actions/deactivate`, ADMIN, { method: "POST" });
  }
  return id;
}

async function record(service: TestService, id: string): Promise<unknown> {
  return await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
}

for (const operation of Object.keys(EXPECTED)) {
  Deno.test(`matrix: ${operation}`, async (t) => {
    await using service = await startService();
    for (const [kind, { letter }] of Object.entries(CLASSES)) {
      for (const status of STATUSES) {
        let id = await makeImage(service, kind, status);
        for (const [name, who] of Object.entries(CALLERS)) {
          const rule = expected(operation, name, letter);
          let wanted = rule === "+" ? SUCCESS[operation]![status] : Number(rule);
          // Whoever sees the row of a deactivated image is refused its data before any rule is asked.
          const visible = letter !== "P" || !["X", "S"].includes(name);
          if (operation === "download" && status === "deactivated" && name !== "A" && visible) wanted = 403;
          await t.step(`${kind}, ${status}: ${name} gets ${wanted}`, async () => {
            const before = await record(service, id);
            const response = await perform(service, operation, id, who);
            const text = await response.text();
            assert.equal(response.status, wanted, text);
            if (wanted >= 400) assert.deepEqual(await record(service, id), before, "nothing is changed");
          });
          if (wanted < 300) id = await makeImage(service, kind, status);
        }
      }
    }
  });
}

Deno.test("matrix: copies of an active image in several stores", async (t) => {
  await using service = await startService(THREE_STORES);
  //                              A   O   R   M   N   XP  XH  XC  SP  SH
  const rows: [name: string, method: string, path: string, body: unknown, codes: string][] = [
    [
      "copy",
      "POST",
      "/v2/images/{id}/import",
      { method: { name: "copy-image" }, stores: ["b"] },
      "202 403 403 404 404 404 403 403 404 404",
    ],
    // Allowed, were it not the only copy.
    ["take away", "DELETE", "/v2/stores/a/{id}", undefined, "403 403 403 404 404 404 403 403 404 404"],
  ];
  for (const [name, method, path, body, codes] of rows) {
    for (const [kind, { letter }] of Object.entries(CLASSES)) {
      for (const [caller, who] of Object.entries(CALLERS)) {
        const column = caller === "X" ? `X${letter}` : caller === "S" ? letter === "P" ? "SP" : "SH" : caller;
        await t.step(`${name}, ${kind}: ${caller}`, async () => {
          const id = await makeImage(service, kind, "active");
          const asked = { method, ...(body === undefined ? {} : { body }) };
          const response = await service.ask(path.replace("{id}", id), who, asked);
          const text = await response.text();
          assert.equal(response.status, Number(codes.split(" ")[COLUMNS.indexOf(column)]), text);
          if (name === "take away") assert.equal(text.includes("only store"), caller === "A", text);
          await service.deps.background.settled();
        });
      }
    }
  }
});

Deno.test("matrix: without an image", async (t) => {
  await using service = await startService({
    "DEFAULT.enabled_backends": "a:file",
    "glance_store.default_backend": "a",
    "a.filesystem_store_datadir": "{dir}/a",
  });
  const post = (body: unknown) => (who: Who) => service.ask("/v2/images", who, { method: "POST", body });
  const get = (path: string) => (who: Who) => service.ask(path, who);
  //                                      A   O   R   M   N   X   S
  const rows: [string, (who: Who) => Promise<Response>, string][] = [
    ["list", get("/v2/images"), "200 200 200 403 403 200 403"],
    ["create", post({}), "201 201 403 201 403 201 403"],
    ["create private", post({ visibility: "private" }), "201 201 403 201 403 201 403"],
    ["create community", post({ visibility: "community" }), "201 201 403 201 403 201 403"],
    ["create public", post({ visibility: "public" }), "201 403 403 403 403 403 403"],
    ["create for another project", post({ owner: "p9" }), "201 403 403 403 403 403 403"],
    ["stores in detail", get("/v2/info/stores/detail"), "200 403 403 403 403 403 200"],
    ["schema", get("/v2/schemas/image"), "200 200 200 200 200 200 200"],
    ["import methods", get("/v2/info/import"), "200 200 200 200 200 200 200"],
    ["stores", get("/v2/info/stores"), "200 200 200 200 200 200 200"],
  ];
  for (const [name, ask, codes] of rows) {
    for (const [index, caller] of Object.keys(CALLERS).entries()) {
      await t.step(`${name}: ${caller}`, async () => {
        const response = await ask(CALLERS[caller]!);
        assert.equal(response.status, Number(codes.split(" ")[index]), await response.text());
      });
    }
  }
});

Deno.test("matrix: members", async (t) => {
  await using service = await startService();
  //                          A   O   R   M   N   X(no) X(member) S
  const rows: [string, string, string, unknown, string][] = [
    ["list", "GET", "members", undefined, "200 200 200 404 404 404 200 404"],
    ["get", "GET", "members/p2", undefined, "200 200 200 404 404 404 200 404"],
    ["add", "POST", "members", { member: "p8" }, "200 200 403 404 404 404 403 404"],
    ["set own status", "PUT", "members/p2", { status: "accepted" }, "200 403 403 404 404 404 200 404"],
    ["remove", "DELETE", "members/p2", undefined, "204 204 403 404 404 404 403 404"],
  ];
  const callers: [string, Who][] = [
    ...["A", "O", "R", "M", "N"].map((name): [string, Who] => [name, CALLERS[name]!]),
    ["X not a member", { roles: "member,reader", project: "p7" }],
    ["X member", CALLERS.X!],
    ["S", CALLERS.S!],
  ];
  for (const [name, method, path, body, codes] of rows) {
    for (const [index, [caller, who]] of callers.entries()) {
      await t.step(`${name}: ${caller}`, async () => {
        const { id } = await service.create(OWNER);
        await service.ask(`/v2/images/${id}/members`, OWNER, { method: "POST", body: { member: "p2" } });
        const response = await service.ask(`/v2/images/${id}/${path}`, who, {
          method,
          ...(body ? { body } : {}),
        });
        assert.equal(response.status, Number(codes.split(" ")[index]), await response.text());
      });
    }
  }
});

/** Deactivate and reactivate: docs/reference/images-api.md §2.12, §3.3, §9.3. */
import { MARIADB } from "../support/mariadb_database.ts";
import assert from "node:assert/strict";
import { active, inStatus, queued, sharedWith } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, READER, startService, STRANGER } from "../support/service.ts";

const NO_BODY = { "content-type": "text/html; charset=UTF-8", "x-openstack-request-id": /^req-/ };

/** Asks for the action and looks at the status afterwards. */
const does = (action: string, from: Row["given"], to: string, moves: boolean): Row => ({
  name: `${action} to ${to}`,
  given: from!,
  ask: `POST /v2/images/{id}/actions/${action}`,
  status: 204,
  text: "",
  gives: NO_BODY,
  async then(service, { id }) {
    const image = await service.deps.db.read.images.show({
      id: id!,
      viewer: { isAdmin: true, projectId: null },
    });
    assert.equal(image!.status, to);
    assert.equal(image!.locations.length, 1);
    const before = before_(id!);
    // MariaDB keeps whole seconds.
    const seen = MARIADB === null || !moves;
    if (seen && before !== undefined) {
      assert.equal(image!.updated_at > before, moves, "whether updated_at moves");
    }
  },
});
const times = new Map<string, string>();
const before_ = (id: string) => times.get(id);
const made = (state: "active" | "deactivated"): Row["given"] => async (service) => {
  const given = await active()(service) as { id: string };
  if (state === "deactivated") {
    await service.deps.db.write.images.transition({
      id: given.id,
      from: ["active"],
      to: "deactivated",
      limit: null,
    });
  }
  const image = await service.deps.db.read.images.show({
    id: given.id,
    viewer: { isAdmin: true, projectId: null },
  });
  times.set(given.id, image!.updated_at);
  return given;
};

const ROWS: Row[] = [
  does("deactivate", made("active"), "deactivated", true),
  does("deactivate", made("deactivated"), "deactivated", false),
  does("reactivate", made("deactivated"), "active", true),
  does("reactivate", made("active"), "active", false),
  ...["deactivate", "reactivate"].flatMap((action): Row[] => {
    const ask = `POST /v2/images/{id}/actions/${action}`;
    return [
      ...(["queued", "saving", "uploading", "importing", "killed"] as const).map((status): Row => ({
        name: `while ${status}`,
        given: inStatus(status),
        ask,
        status: 403,
        has: `Not allowed to ${action} image in status '${status}'`,
      })),
      {
        name: "an unknown image",
        ask: `POST /v2/images/none/actions/${action}`,
        status: 404,
        has: "No image found with ID none",
      },
      { name: "nobody", given: active(), who: null, ask, status: 401 },
      { name: "a stranger", given: active(), who: STRANGER, ask, status: 404 },
      { name: "a reader", given: active(), who: READER, ask, status: 403, has: `complete ${action} action` },
      {
        name: "policy before the status",
        given: queued(),
        who: READER,
        ask,
        status: 403,
        has: `complete ${action} action`,
      },
      {
        name: "a member of the image",
        given: sharedWith("accepted"),
        who: STRANGER,
        ask,
        status: 403,
        has: `complete ${action} action`,
      },
      {
        name: "a community image of another",
        given: active({ visibility: "community" }),
        who: STRANGER,
        ask,
        status: 403,
      },
      { name: "an administrator", given: active(), who: ADMIN, ask, status: 204 },
      { name: "a body", given: active(), ask, body: "{}", status: 400 },
      { name: "a body that is no JSON", given: active(), ask, body: "x", status: 400 },
      {
        name: "a body before the image",
        ask: `POST /v2/images/none/actions/${action}`,
        body: "x",
        status: 400,
      },
      {
        name: "chunks, even none",
        given: active(),
        ask,
        headers: { "transfer-encoding": "chunked" },
        status: 400,
      },
      ...["GET", "HEAD", "PUT", "DELETE", "PATCH"].map((method): Row => ({
        name: "another method",
        given: active(),
        ask: `${method} /v2/images/{id}/actions/${action}`,
        status: 405,
        gives: { allow: "POST" },
      })),
    ];
  }),
  { name: "another action", given: active(), ask: "POST /v2/images/{id}/actions/other", status: 404 },
  {
    name: "another action, another method",
    given: active(),
    ask: "GET /v2/images/{id}/actions/other",
    status: 404,
  },
  { name: "no action", given: active(), ask: "POST /v2/images/{id}/actions", status: 404 },

  {
    name: "deactivated: no data for its owner",
    given: made("deactivated"),
    ask: "GET /v2/images/{id}/file",
    status: 403,
  },
  {
    name: "deactivated: data for an administrator",
    given: made("deactivated"),
    who: ADMIN,
    ask: "GET /v2/images/{id}/file",
    status: 200,
    text: "0123456789",
  },
  {
    name: "deactivated: still shown",
    given: made("deactivated"),
    ask: "GET /v2/images/{id}",
    status: 200,
    json: { status: "deactivated", size: 10 },
  },
  {
    name: "deactivated: still listed",
    given: made("deactivated"),
    ask: "GET /v2/images?status=deactivated&limit=1",
    status: 200,
    has: '"status":"deactivated"',
  },
  { name: "deactivated: tags", given: made("deactivated"), ask: "PUT /v2/images/{id}/tags/a", status: 204 },
  {
    name: "deactivated: members",
    given: made("deactivated"),
    ask: "POST /v2/images/{id}/members",
    body: { member: "p2" },
    status: 200,
  },
  { name: "deactivated: delete", given: made("deactivated"), ask: "DELETE /v2/images/{id}", status: 204 },
];

Deno.test("actions", async (t) => {
  await using service = await startService();
  await runTable(t, service, ROWS);
});

Deno.test("of many at once none fails", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  const ask = (action: string) =>
    service.ask(`/v2/images/${id}/actions/${action}`, OWNER, { method: "POST" });
  const answers = await Promise.all(
    [..."ddrrdr"].map((which) => ask(which === "d" ? "deactivate" : "reactivate")),
  );
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([204]));
});

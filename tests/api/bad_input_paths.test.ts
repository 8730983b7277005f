/** Hostile ids and names in the path, on every route that takes one: nothing is found, nothing is changed. */
import { MARIADB } from "../support/mariadb_database.ts";
import assert from "node:assert/strict";
import type { RouteConfig } from "@hono/zod-openapi";
import { ROUTES } from "../../openapi/document.ts";
import { sharedWith } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";
import { snapshot } from "../support/snapshot.ts";

const UNDECODABLE = "could not be decoded by Glance";

/** Spellings of an id (a lone `%2e%2e` never comes here: `Request` resolves it); `{id}` is one that is there, which none of them may reach. */
const IDS = [
  "..%2f..%2fetc%2fpasswd",
  "%2e%2e%2f{id}",
  "..%5c..%5c{id}",
  "{id}%00",
  "{id}%00.img",
  "%00{id}",
  "%00",
  "{id}%20",
  "%20{id}",
  "{id}%0a",
  "{id}%2520",
  "{id};a=b",
  "{id}%3Flimit=1",
  "{id}%23x",
  "%27%20OR%20%271%27%3D%271",
  "{id}'--",
  "*",
  "%25",
  "%",
  "%zz",
  "__proto__",
  "constructor",
  "null",
  "undefined",
  "0",
  "-1",
  "%F0%9F%92%A5",
  "x".repeat(10_240),
  "%41".repeat(10_240),
];

Deno.test("ids that are none, on every route that takes one", async (t) => {
  await using service = await startService();
  const { id } = await sharedWith("accepted")(service) as { id: string };
  await service.create(OWNER, { tags: ["a"] });
  const before = await snapshot(service);
  const routes = (ROUTES as readonly RouteConfig[]).filter(({ path }) => path.includes("{image_id}"));
  assert.ok(routes.length > 10);
  for (const { method, path, operationId, request } of routes) {
    await t.step(operationId!, async () => {
      const media = Object.keys(request?.body?.content ?? {})[0];
      for (const spelling of IDS) {
        // MariaDB, and so Glance on it, ignores trailing blanks.
        if (MARIADB !== null && spelling === "{id}%20") continue;
        const bare = path.replace("{image_id}", spelling.replace("{id}", id)).replaceAll(/\{\w+\}/g, "p2");
        const body = media === undefined ? undefined : bodyFor(operationId!);
        const response = await service.ask(bare, ADMIN, {
          method: method.toUpperCase(),
          ...(media === undefined ? {} : { headers: { "content-type": media } }),
          ...(body === undefined ? {} : { body }),
        });
        const text = await response.text();
        assert.ok(
          [404, 400, 405].includes(response.status),
          `${spelling.slice(0, 40)}: ${response.status} ${text}`,
        );
        assert.ok(!text.includes("root:"), "no file is read");
      }
    });
  }
  assert.equal(await snapshot(service), before);
});

function bodyFor(operationId: string): unknown {
  switch (operationId) {
    case "updateImage":
      return [{ op: "replace", path: "/name", value: "hit" }];
    case "addMember":
      return { member: "p9" };
    case "updateMember":
      return { status: "rejected" };
    case "uploadImageData":
      return "bytes";
    default:
      return {};
  }
}

Deno.test("names in the path that are no UTF-8, on every route that takes one", async (t) => {
  await using service = await startService();
  const { id } = await sharedWith("accepted")(service) as { id: string };
  const rows = (ROUTES as readonly RouteConfig[]).filter(({ path }) => path.includes("{")).flatMap((route) =>
    ["%FF", "%C3", "a%ED%A0%80", "%C0%AF"].map((name): Row => ({
      name: route.operationId!,
      ask: `${route.method.toUpperCase()} ${route.path.replaceAll(/\{\w+\}/g, name)}`,
      status: 400,
      has: UNDECODABLE,
    }))
  );
  await runTable(t, service, rows, { id });
});

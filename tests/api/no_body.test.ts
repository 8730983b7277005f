/** A body where none may be: 400 before anything is looked up, JSON or not (docs/reference/images-api.md §2.0, §9.2). */
import { type Row, runTable } from "../support/scenario.ts";
import { ADMIN, startService } from "../support/service.ts";

const ROUTES = [
  "GET /v2/images/none",
  "DELETE /v2/images/none",
  "GET /v2/images/none/tasks",
  "GET /v2/images/none/file",
  "POST /v2/images/none/actions/deactivate",
  "POST /v2/images/none/actions/reactivate",
  "PUT /v2/images/none/tags/t",
  "DELETE /v2/images/none/tags/t",
  "GET /v2/images/none/members",
  "GET /v2/images/none/members/m",
  "DELETE /v2/images/none/members/m",
  "DELETE /v2/stores/s/none",
  "GET /v2/info/import",
  "GET /v2/info/stores",
  "GET /v2/info/stores/detail",
  "GET /v2/info/usage",
  ...["image", "images", "member", "members"].map((name) => `GET /v2/schemas/${name}`),
];

Deno.test("bodies that may not be", async (t) => {
  await using service = await startService();
  await runTable(
    t,
    service,
    ROUTES.flatMap((ask) =>
      ["{}", "no JSON"].map((body): Row => ({
        name: body,
        who: ADMIN,
        ask,
        // Requests by GET cannot carry one through `fetch`; the length is what counts.
        ...(ask.startsWith("GET") ? { headers: { "content-length": String(body.length) } } : { body }),
        status: 400,
      }))
    ),
  );
});

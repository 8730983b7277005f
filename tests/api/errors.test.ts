/** Error bodies and headers: every row of docs/reference/images-api.md §6.1, the texts of §6.2, §2.0, §9.11; no identity. */
import assert from "node:assert/strict";
import type { RouteConfig } from "@hono/zod-openapi";
import { buildApp } from "../../src/app.ts";
import { ROUTES } from "../../openapi/document.ts";
import { active, queued } from "../support/images.ts";
import { type Row, runTable } from "../support/scenario.ts";
import { OWNER, PATCH_TYPE, startService } from "../support/service.ts";

const HTML = "text/html; charset=UTF-8";
const JSON_TYPE = "application/json";
const PLAIN = "text/plain; charset=UTF-8";

const ACCEPTS: [string, string][] = [
  ["*/*", HTML],
  ["text/*", HTML],
  ["text/html", HTML],
  ["TEXT/HTML", HTML],
  ["application/json, */*", HTML],
  ["text/html, application/json", HTML],
  ["application/json, text/html", HTML],
  ["application/json;q=0.5, text/html;q=0.5", HTML],
  ["application/json;q=0.5, */*", HTML],
  ["text/html;level=1, application/json;q=0.9", HTML],
  ["garbage", HTML],
  ["application/json, garbage", HTML],
  ["*", HTML],
  ["application/json", JSON_TYPE],
  ["Application/JSON", JSON_TYPE],
  ["application/*", JSON_TYPE],
  ["application/json; charset=utf-8", JSON_TYPE],
  ["text/html;q=0.5, application/json", JSON_TYPE],
  ["text/html;q=0, */*", JSON_TYPE],
  ["text/plain, application/json;q=0.1", JSON_TYPE],
  ["application/json,", JSON_TYPE],
  ["", PLAIN],
  ["application/xml", PLAIN],
  ["application/octet-stream", PLAIN],
  ["text/plain", PLAIN],
  ["application/json;q=0", PLAIN],
  ["*/*;q=0", PLAIN],
  ["image/*", PLAIN],
  ["application/vnd.openstack.images-v2.7", PLAIN],
];

Deno.test("the form of an error by Accept", async (t) => {
  await using service = await startService();
  await runTable(
    t,
    service,
    ACCEPTS.map(([accept, type]) => ({
      name: `'${accept}' gives ${type}`,
      ask: accept.includes("vnd.openstack") ? "GET /images/none" : "GET /v2/images/none",
      headers: { accept },
      status: 404,
      has: "No image found with ID none",
      gives: { "content-type": type, "x-openstack-request-id": /^req-/ },
    })),
  );
});

Deno.test("no Accept at all gives plain text", async () => {
  await using service = await startService();
  const response = await buildApp(service.deps).request("/v2/images", {}, { peer: "127.0.0.1" });
  assert.equal(response.headers.get("content-type"), PLAIN);
  assert.match(await response.text(), /^401 Unauthorized\n\n/);
});

const page = (line: string, body: string) =>
  `<html>\n <head>\n  <title>${line}</title>\n </head>\n <body>\n  <h1>${line}</h1>\n  ${body}\n </body>\n</html>`;
const generic = (status: string, text: string) => ({ line: status, text });
const NOT_FOUND = generic("404 Not Found", "The resource could not be found.");
const DENIED = generic("403 Forbidden", "Access was denied to this resource.");

/** One request in the three forms, with the whole body of each. */
interface Forms {
  name: string;
  row: Pick<Row, "ask" | "who" | "given" | "body" | "headers" | "gives">;
  status: number;
  line: string;
  /** The message as JSON has it. */
  message: string;
  html?: string;
  plain: string;
}

const FORMS: Forms[] = [
  {
    name: "explanation form",
    row: { ask: "GET /v2/images/none" },
    status: 404,
    line: NOT_FOUND.line,
    message: "No image found with ID none<br /><br />\n\n\n",
    plain: "No image found with ID none\n\n   ",
  },
  {
    name: "generic text",
    row: { ask: "GET /v2/none" },
    status: 404,
    line: NOT_FOUND.line,
    message: `${NOT_FOUND.text}<br /><br />\n\n\n`,
    plain: `${NOT_FOUND.text}\n\n   `,
  },
  {
    name: "detail form",
    row: { ask: "POST /v2/images", body: { owner: "p2" } },
    status: 403,
    line: DENIED.line,
    message: `${DENIED.text}<br /><br />\nYou are not permitted to create images owned by 'p2'.\n\n`,
    html: `${DENIED.text}<br /><br />\nYou are not permitted to create images owned by &#x27;p2&#x27;.\n\n`,
    plain: `${DENIED.text}\n\n You are not permitted to create images owned by 'p2'.  `,
  },
  {
    name: "what must be escaped in HTML",
    row: { ask: "POST /v2/images", body: { owner: `<b>"x"</b> & 'y'` } },
    status: 403,
    line: DENIED.line,
    message:
      `${DENIED.text}<br /><br />\nYou are not permitted to create images owned by '<b>"x"</b> & 'y''.\n\n`,
    html: `${DENIED.text}<br /><br />\nYou are not permitted to create images owned by ` +
      "&#x27;&lt;b&gt;&quot;x&quot;&lt;/b&gt; &amp; &#x27;y&#x27;&#x27;.\n\n",
    plain: `${DENIED.text}\n\n You are not permitted to create images owned by '"x" & 'y''.  `,
  },
  {
    name: "line breaks",
    row: { ask: "POST /v2/images", body: { owner: "a\nb\r\nc" } },
    status: 403,
    line: DENIED.line,
    message: `${DENIED.text}<br /><br />\nYou are not permitted to create images owned by 'a\nb\r\nc'.\n\n`,
    html:
      `${DENIED.text}<br /><br />\nYou are not permitted to create images owned by &#x27;a\nb\r\nc&#x27;.\n\n`,
    plain: `${DENIED.text}\n\n You are not permitted to create images owned by 'a b c'.  `,
  },
  {
    name: "401",
    row: { ask: "GET /v2/images", who: null },
    status: 401,
    line: "401 Unauthorized",
    message:
      "This server could not verify that you are authorized to access the document you requested. Either you " +
      "supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the " +
      "credentials required.<br /><br />\n\n\n",
    plain:
      "This server could not verify that you are authorized to access the document you requested. Either you " +
      "supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the " +
      "credentials required.\n\n   ",
  },
  {
    name: "405",
    row: { ask: "PUT /v2/images", gives: { allow: "GET, POST" } },
    status: 405,
    line: "405 Method Not Allowed",
    message: "The method PUT is not allowed for this resource. <br /><br />\n",
    plain: "The method PUT is not allowed for this resource. \n\n ",
  },
  {
    name: "501",
    row: { ask: "BREW /v2/none" },
    status: 501,
    line: "501 Not Implemented",
    message: "The request method BREW is not implemented for this server. <br /><br />\n",
    plain: "The request method BREW is not implemented for this server. \n\n ",
  },
  {
    name: "415",
    row: { ask: "PUT /v2/images/none/file", headers: { "content-type": "application/json" }, body: "{}" },
    status: 415,
    line: "415 Unsupported Media Type",
    message: "The request media type application/json is not supported by this server.\n<br /><br />\n" +
      "Expected application/octet-stream.",
    plain: "The request media type application/json is not supported by this server. \n\n " +
      "Expected application/octet-stream.",
  },
  {
    name: "409",
    row: {
      ask: "PATCH /v2/images/{id}",
      given: queued(),
      headers: { "content-type": PATCH_TYPE },
      body: [{ op: "remove", path: "/no" }],
    },
    status: 409,
    line: "409 Conflict",
    message:
      "There was a conflict when trying to complete your request.<br /><br />\nProperty no does not exist.\n\n",
    plain: "There was a conflict when trying to complete your request.\n\n Property no does not exist.  ",
  },
  {
    name: "413",
    row: { ask: "POST /v2/images", body: { tags: Array(129).fill("t") } },
    status: 413,
    line: "413 Request Entity Too Large",
    message: "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128" +
      "<br /><br />\n\n\n",
    plain:
      "The limit has been exceeded on the number of allowed image tags. Attempted: 129, Maximum: 128\n\n   ",
  },
  {
    name: "400",
    row: { ask: "POST /v2/images", body: "{" },
    status: 400,
    line: "400 Bad Request",
    message: "Malformed JSON in request body.<br /><br />\n\n\n",
    plain: "Malformed JSON in request body.\n\n   ",
  },
];

Deno.test("the whole body of an error in its three forms", async (t) => {
  await using service = await startService();
  for (const { name, row, status, line, message, html, plain } of FORMS) {
    const title = line.slice(4);
    const form = (accept: string, text: string): Row => ({
      ...row,
      name: `${name} for ${accept || "nothing"}`,
      headers: { ...row.headers, accept },
      status,
      text,
    });
    await runTable(t, service, [
      form("application/json", JSON.stringify({ message, code: line, title })),
      form("*/*", page(line, html ?? message)),
      form("", `${line}\n\n${plain}`),
    ]);
  }
});

Deno.test("answers carry the reason that upstream writes; Deno.serve writes its own on the wire", async () => {
  await using service = await startService();
  const { id } = await active()(service) as { id: string };
  const reasons = new Map([
    [413, await service.ask("/v2/images", OWNER, { method: "POST", body: { tags: Array(129).fill("t") } })],
    [416, await service.ask(`/v2/images/${id}/file`, OWNER, { headers: { range: "bytes=99-" } })],
    [404, await service.ask("/v2/none", OWNER)],
  ]);
  assert.deepEqual([...reasons].map(([status, answer]) => [status, answer.status, answer.statusText]), [
    [413, 413, "Request Entity Too Large"],
    [416, 416, "Request Range Not Satisfiable"],
    [404, 404, "Not Found"],
  ]);
  for (const answer of reasons.values()) await answer.body?.cancel();
});

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];
const ALLOW: [string, string][] = [
  ["/v2/images", "GET, POST"],
  ["/v2/images/{id}", "GET, PATCH, DELETE"],
  ["/v2/images/{id}/file", "GET, PUT"],
  ["/v2/images/{id}/stage", "PUT"],
  ["/v2/images/{id}/import", "POST"],
  ["/v2/stores/{s}/{id}", "DELETE"],
  ["/v2/images/{id}/actions/deactivate", "POST"],
  ["/v2/images/{id}/actions/reactivate", "POST"],
  ["/v2/images/{id}/tags/{tag}", "PUT, DELETE"],
  ["/v2/images/{id}/members", "GET, POST"],
  ["/v2/images/{id}/members/{m}", "GET, PUT, DELETE"],
  ["/v2/info/import", "GET"],
  ["/v2/info/stores", "GET"],
  ["/v2/info/stores/detail", "GET"],
  ["/v2/schemas/image", "GET"],
  ["/v2/schemas/images", "GET"],
  ["/v2/schemas/member", "GET"],
  ["/v2/schemas/members", "GET"],
];

Deno.test("a method that a path does not know", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    ...ALLOW.flatMap(([path, allow]) =>
      [...METHODS, "BREW"].filter((method) => !allow.split(", ").includes(method)).map((method): Row => ({
        name: "405",
        ask: `${method} ${path}`,
        status: 405,
        ...(method === "HEAD"
          ? { text: "" }
          : { has: `The method ${method} is not allowed for this resource.` }),
        gives: { allow, "x-openstack-request-id": /^req-/ },
      }))
    ),
    ...["HEAD", "POST", "PUT", "DELETE", "PATCH"].flatMap((method) =>
      ["/v2/images/x/tasks", "/v2/info/usage"].map((path): Row => ({
        name: "404 where upstream has no 405",
        ask: `${method} ${path}`,
        status: 404,
        gives: { allow: null },
      }))
    ),
    ...METHODS.flatMap((method) =>
      ["/v2/none", "/v2/images/x/none", "/v2/schemas", "/v2/schemas/none", "/v2/images/", "/v2/images/x/"]
        .map(
          (path): Row => ({
            name: "an unknown path",
            ask: `${method} ${path}`,
            status: 404,
            gives: { allow: null },
          }),
        )
    ),
    { name: "an unknown method on an unknown path", ask: "BREW /v2/none", status: 501 },
  ]);
});

Deno.test("without an identity every route answers 401 before anything else", async (t) => {
  await using service = await startService();
  const rows = (ROUTES as readonly RouteConfig[]).filter(({ security }) => security?.length).flatMap(
    (route): Row[] => {
      const method = route.method.toUpperCase();
      const path = route.path.replaceAll(/\{\w+\}/g, "none");
      const row: Row = {
        name: route.operationId!,
        who: null,
        ask: `${method} ${path}`,
        status: 401,
        has: "This server could not verify that you are authorized",
        gives: {
          "www-authenticate": 'Keystone uri="http://keystone.example/v3"',
          "x-openstack-request-id": /^req-/,
          "x-content-type-options": "nosniff",
          "content-type": "application/json",
        },
      };
      return [
        row,
        {
          ...row,
          name: `${row.name}, with rubbish`,
          ask: `${method} ${path}?limit=%FF`,
          headers: { "content-length": "9", "content-type": "x/y" },
        },
        { ...row, name: `${row.name}, another method`, ask: `BREW ${path}` },
      ];
    },
  );
  const also = [
    "GET /v2/none",
    "HEAD /v2/images",
    "GET /v2/",
    "POST /v2",
    "BREW /v2/none",
    "GET /v2.7/images",
  ];
  await runTable(t, service, [
    ...rows,
    ...also.map((ask): Row => ({
      ...rows[0]!,
      name: "also",
      ask,
      ...(ask.startsWith("HEAD") ? { has: [] } : {}),
    })),
  ]);
});

Deno.test("what the database engine says is for the log, not for the client", async () => {
  await using service = await startService();
  await service.database.exec("DROP TABLE image_tags");
  const response = await service.ask("/v2/images", OWNER, { method: "POST", body: { tags: ["a"] } });
  assert.equal(response.status, 500);
  const text = await response.text();
  assert.match(text, /The database cannot be used/);
  assert.doesNotMatch(text, /image_tags|no such table/);
});

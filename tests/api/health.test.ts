/** The health check in its forms and by its options: docs/reference/auth-and-middleware.md §8. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Row, runTable } from "../support/scenario.ts";
import { startService } from "../support/service.ts";

const health = (name: string, accept: string, type: string, more: Partial<Row> = {}): Row => ({
  name,
  who: null,
  ask: "GET /healthcheck",
  headers: { accept },
  status: 200,
  gives: { "content-type": type, "x-openstack-request-id": /^req-/ },
  ...more,
});
const PLAIN = "text/plain; charset=UTF-8";
const HTML = "text/html; charset=UTF-8";
const BODY = '{\n    "detailed": false,\n    "reasons": [\n        "OK"\n    ]\n}';

Deno.test("the health check", async (t) => {
  await using service = await startService();
  await runTable(t, service, [
    health("plain text", "text/plain", PLAIN, { text: "OK" }),
    health("plain text by default", "", PLAIN, { text: "OK" }),
    health("plain text when nothing fits", "image/png", PLAIN, { text: "OK" }),
    health("plain text of anything", "*/*", PLAIN, { text: "OK" }),
    health("JSON", "application/json", "application/json", { text: BODY }),
    health("JSON when it is liked best", "text/plain;q=0.5, application/json", "application/json", {
      text: BODY,
    }),
    health("HTML", "text/html", HTML, { has: "<li>OK</li>" }),
    health("HTML when it is liked best", "application/json;q=0.1, text/html;q=0.2", HTML),
    { name: "HEAD", who: null, ask: "HEAD /healthcheck", status: 204, text: "" },
  ]);
  await Deno.writeTextFile(join(service.dir, "healthcheck_disable"), "");
  await runTable(t, service, [
    health("disabled", "text/plain", PLAIN, { status: 503, text: "DISABLED BY FILE" }),
    health("disabled, JSON", "application/json", "application/json", {
      status: 503,
      has: '"DISABLED BY FILE"',
    }),
    health("disabled, HTML", "text/html", HTML, { status: 503, has: "DISABLED BY FILE" }),
    { name: "disabled, HEAD", who: null, ask: "HEAD /healthcheck", status: 503, text: "" },
  ]);
  await Deno.remove(join(service.dir, "healthcheck_disable"));
  service.deps.lifecycle.stopping = true;
  await runTable(t, service, [health("stopping", "text/plain", PLAIN, { status: 503, text: "STOPPING" })]);
});

Deno.test("the health check does without the database", async () => {
  const service = await startService();
  await service.deps.db.close();
  assert.equal((await service.ask("/healthcheck", null)).status, 200);
  await Deno.remove(service.dir, { recursive: true });
});

const HEALTH_OPTIONS: { name: string; options: Record<string, string>; rows: Row[] }[] = [
  {
    name: "files that must be there",
    options: {
      "healthcheck.backends": "enable_by_files",
      "healthcheck.enable_by_file_paths": "{dir}/switch,{dir}/missing",
    },
    rows: [health("one is not", "", PLAIN, { status: 503, text: "FILE PATH MISSING" })],
  },
  {
    name: "a file for a port",
    options: {
      "healthcheck.backends": "disable_by_files_ports",
      "healthcheck.disable_by_file_paths": "1234:{dir}/switch,9292:{dir}/switch",
    },
    rows: [health("of ours", "", PLAIN, { status: 503, text: "DISABLED BY FILE" })],
  },
  {
    name: "a file for another port",
    options: {
      "healthcheck.backends": "disable_by_files_ports",
      "healthcheck.disable_by_file_paths": "1234:{dir}/switch",
    },
    rows: [health("not of ours", "", PLAIN, { text: "OK" })],
  },
  {
    name: "several backends",
    options: {
      "healthcheck.backends": "enable_by_files,disable_by_file",
      "healthcheck.enable_by_file_paths": "{dir}/missing",
      "healthcheck.disable_by_file_path": "{dir}/switch",
    },
    rows: [health("both fail", "", PLAIN, { status: 503, text: "FILE PATH MISSING\nDISABLED BY FILE" })],
  },
  {
    name: "source ranges",
    options: { "healthcheck.allowed_source_ranges": "192.0.2.0/24" },
    rows: [health("not of ours", "application/json", "application/json", { status: 404 })],
  },
  {
    name: "source ranges",
    options: { "healthcheck.allowed_source_ranges": "127.0.0.0/8" },
    rows: [health("of ours", "", PLAIN, { text: "OK" })],
  },
  {
    name: "proxied requests",
    options: { "healthcheck.ignore_proxied_requests": "true" },
    rows: [
      health("direct", "", PLAIN, { text: "OK" }),
      health("proxied", "", PLAIN, { headers: { "x-forwarded-for": "192.0.2.1", accept: "" }, status: 404 }),
    ],
  },
  {
    name: "in detail",
    options: { "healthcheck.detailed": "true" },
    rows: [
      health("JSON", "application/json", "application/json", { has: ['"detailed": true', '"version": '] }),
    ],
  },
];

for (const { name, options, rows } of HEALTH_OPTIONS) {
  Deno.test(`the health check by options: ${name}`, async (t) => {
    await using service = await startService(options);
    await Deno.writeTextFile(`${service.dir}/switch`, "");
    await runTable(t, service, rows);
  });
}

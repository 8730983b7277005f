/** What the filters of a paste file do to requests: docs/reference/configuration.md §4, docs/reference/auth-and-middleware.md §5, §6, §8. */
import assert from "node:assert/strict";
import { AUTHTOKEN, CORS, pasteOf, SHIPPED, withPasteFile } from "../support/paste.ts";
import { OWNER, startService } from "../support/service.ts";

const ORIGIN = "http://site.example";
const HEALTH = (path: string) =>
  `[app:healthcheck]
paste.app_factory = oslo_middleware:Healthcheck.app_factory
backends = disable_by_file
disable_by_file_path = ${path}
`;

Deno.test("a pipeline with authtoken and context asks who it is, though no flavor is set", async () => {
  await withPasteFile(pasteOf("authtoken context"), async (path) => {
    await using service = await startService({ "paste_deploy.flavor": "", "paste_deploy.config_file": path });
    assert.equal(service.deps.auth.open, false);
    const response = await service.ask("/v2/images", null, { headers: { "x-identity-status": "" } });
    assert.equal(response.status, 401);
    assert.equal((await service.ask("/v2/images", OWNER)).status, 200);
  });
});

Deno.test("CORS is for a pipeline with cors, with the origins of its section", async (t) => {
  const own = `${AUTHTOKEN}${CORS}allowed_origin = ${ORIGIN}\n`;
  const rows: [name: string, text: string, option: string, allowed: string | null][] = [
    ["from the section", pasteOf("cors authtoken context", own), "", ORIGIN],
    [
      "from the section, which beats the option",
      pasteOf("cors authtoken context", own),
      "http://other",
      ORIGIN,
    ],
    ["from the option", pasteOf("cors authtoken context"), ORIGIN, ORIGIN],
    ["not without the filter", pasteOf("authtoken context"), ORIGIN, null],
  ];
  for (const [name, text, option, allowed] of rows) {
    await t.step(name, () =>
      withPasteFile(text, async (path) => {
        await using service = await startService({
          "paste_deploy.flavor": "",
          "paste_deploy.config_file": path,
          "cors.allowed_origin": option,
        });
        const response = await service.ask("/v2/images", OWNER, { headers: { origin: ORIGIN } });
        assert.equal(response.headers.get("access-control-allow-origin"), allowed);
      }));
  }
});

Deno.test("proxy headers are read by a pipeline with http_proxy_to_wsgi alone", async (t) => {
  for (
    const [filters, host] of [["authtoken context", "localhost"], [
      "http_proxy_to_wsgi authtoken context",
      "proxy.example",
    ]]
  ) {
    await t.step(filters!, () =>
      withPasteFile(pasteOf(filters!), async (path) => {
        await using service = await startService({
          "paste_deploy.flavor": "",
          "paste_deploy.config_file": path,
          "oslo_middleware.enable_proxy_headers_parsing": "true",
        });
        const response = await service.ask("/versions", null, {
          headers: { "x-forwarded-host": "proxy.example" },
        });
        assert.equal(new URL((await response.json()).versions[0].links[0].href).host, host);
      }));
  }
});

Deno.test("the health check has the file of its section, and its path besides its own", async () => {
  const text = SHIPPED["from 2023.2 on"]!.replaceAll("/healthcheck: healthcheck", "/alive: healthcheck");
  const off = await Deno.makeTempFile();
  try {
    await withPasteFile(`${text.slice(0, text.indexOf("[app:healthcheck]"))}${HEALTH(off)}`, async (path) => {
      await using service = await startService({
        "paste_deploy.flavor": "keystone",
        "paste_deploy.config_file": path,
        "healthcheck.disable_by_file_path": "/nonexistent",
      });
      for (const where of ["/alive", "/healthcheck"]) {
        const response = await service.ask(where, null, { headers: { accept: "text/plain" } });
        assert.deepEqual([response.status, await response.text()], [503, "DISABLED BY FILE"], where);
      }
      assert.equal((await service.ask("/well", null)).status, 300);
    });
  } finally {
    await Deno.remove(off);
  }
});

Deno.test("allow_anonymous_access has no effect where auth_token decides by itself", async (t) => {
  const token = (delay: string) => AUTHTOKEN.replace("delay_auth_decision = true\n", delay);
  const rows: [delay: string, status: number][] = [["delay_auth_decision = true\n", 403], ["", 401]];
  for (const [delay, status] of rows) {
    await t.step(
      delay || "unset",
      () =>
        withPasteFile(pasteOf("authtoken context", token(delay)), async (path) => {
          await using service = await startService({
            "paste_deploy.flavor": "",
            "paste_deploy.config_file": path,
            "DEFAULT.allow_anonymous_access": "true",
          });
          assert.equal((await service.ask("/v2/images", null, { method: "POST", body: {} })).status, status);
        }),
    );
  }
});

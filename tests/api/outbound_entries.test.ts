/** Every way a user can make the service ask a URL, with every kind of address: what is refused, how, and what is reached. */
import assert from "node:assert/strict";
import { giveLocation } from "../support/give_location.ts";
import { FORMATS, nothingInProgress, outcome, serveSite } from "../support/imports.ts";
import { recordLog } from "../support/logged.ts";
import { BY_DEFAULT, DATA, ENTRIES, type Entry, ID, patchEntry } from "../support/outbound_entries.ts";
import { OWNER, startService, type TestService } from "../support/service.ts";

/** Each kind of address, as it may be written; PORT is where a server listens on loopback that counts what comes. */
const REFUSED = [
  "http://127.0.0.1/",
  "http://127.8.9.10/",
  "http://[::1]/",
  "http://localhost/",
  "http://0.0.0.0/",
  "http://[::]/",
  "http://169.254.169.254/latest",
  "http://[fe80::1]/",
  "http://[fd00:ec2::254]/",
  "http://100.100.100.200/",
  "http://224.0.0.1/",
  "http://[ff02::1]/",
  "http://255.255.255.255/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:a9fe:a9fe]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "http://[::7f00:1]/",
  "http://[4000::1]/",
  "http://240.0.0.1/",
  "http://2130706433/",
  "http://127.1/",
  "http://does.not.exist.invalid/",
  "http://192.0.2.1:8080/",
  "https://127.0.0.1/",
];

/** Counts what it is asked, and answers everything with the data, or as a glance-api of another region. */
function serveCounting() {
  const asked: string[] = [];
  const site = serveSite(({ url, method }) => {
    const { pathname } = new URL(url);
    asked.push(`${method} ${pathname}`);
    if (pathname.endsWith(ID)) {
      return Response.json({ id: ID, status: "active", size: DATA.length, ...FORMATS });
    }
    const headers = { "content-length": String(DATA.length) };
    return new Response(method === "HEAD" ? null : DATA, { headers });
  });
  return { ...site, asked, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

async function refuses(service: TestService, entry: Entry, url: string): Promise<void> {
  const { id } = await service.create(OWNER, FORMATS);
  const { status, text, task } = await entry.ask(service, id, url);
  assert.equal(status, entry.refused.status, text);
  assert.ok(text.includes(entry.refused.text(url)), text);
  if (entry.refused.task) {
    assert.equal(task!.status, "failure");
    assert.ok(task!.message.includes(entry.refused.task), task!.message);
  } else assert.equal(task, null);
  const { image } = await outcome(service, id);
  assert.deepEqual([image.status, image.size, image.checksum], ["queued", null, null]);
  assert.deepEqual(image.locations, []);
  await nothingInProgress(service);
}

Deno.test("what no URL of a user reaches, by any way", async (t) => {
  await using service = await startService(BY_DEFAULT);
  for (const entry of ENTRIES) {
    for (const url of REFUSED) await t.step(`${entry.name}: ${url}`, () => refuses(service, entry, url));
  }
});

Deno.test("outbound_private = deny: private addresses neither", async (t) => {
  await using service = await startService({ ...BY_DEFAULT, "oneglance.outbound_private": "deny" });
  for (const entry of ENTRIES) {
    for (
      const url of ["http://10.0.0.1/", "http://192.168.0.1/", "http://100.64.0.1/", "http://[fd00::1]/"]
    ) {
      await t.step(`${entry.name}: ${url}`, () => refuses(service, entry, url));
    }
  }
});

Deno.test("a port that is not allowed, and no request is sent", async (t) => {
  await using site = serveCounting();
  await using service = await startService({
    ...BY_DEFAULT,
    "oneglance.outbound_allowed_networks": "127.0.0.1",
  });
  for (const entry of ENTRIES) {
    await t.step(entry.name, async () => {
      await refuses(service, entry, `${site.url}/data`);
      assert.deepEqual(site.asked, []);
    });
  }
});

Deno.test("a host that allowed_hosts names is reached, also on loopback, by every way", async (t) => {
  await using site = serveCounting();
  await using service = await startService({
    ...BY_DEFAULT,
    "import_filtering_opts.allowed_hosts": "[localhost]",
    "import_filtering_opts.allowed_ports": `[${new URL(site.url).port}]`,
  });
  const url = site.url.replace("127.0.0.1", "localhost");
  for (const entry of ENTRIES) {
    await t.step(entry.name, async () => {
      const { id } = await service.create(OWNER, FORMATS);
      const given = entry.name.startsWith("glance-download") ? url : `${url}/data`;
      const answer = await entry.ask(service, id, given);
      assert.ok(answer.status < 300, answer.text);
      assert.notEqual(answer.task?.status, "failure", `${answer.task?.message}`);
      await entry.reached(service, id, answer);
      assert.ok(site.asked.length > 0);
    });
  }
});

Deno.test("a location that is stored already is read by the same rule", async (t) => {
  await using site = serveCounting();
  await using redirecting = serveSite(() =>
    new Response(null, { status: 302, headers: { location: `${site.url}/data` } })
  );
  const { port } = new URL(redirecting.url);
  const rows: [name: string, options: Record<string, string>, url: string, status: number][] = [
    ["refused: loopback", { "import_filtering_opts.allowed_ports": "[]" }, `${site.url}/data`, 500],
    ["refused: port", { "oneglance.outbound_allowed_networks": "127.0.0.0/8" }, `${site.url}/data`, 500],
    [
      "refused: where a redirect leads",
      {
        "import_filtering_opts.allowed_ports": `[${port}]`,
        "oneglance.outbound_allowed_networks": "127.0.0.0/8",
      },
      redirecting.url,
      500,
    ],
    [
      "reached",
      { "import_filtering_opts.allowed_ports": "[]", "import_filtering_opts.allowed_hosts": "[127.0.0.1]" },
      redirecting.url,
      200,
    ],
  ];
  for (const [name, options, url, status] of rows) {
    await t.step(name, async () => {
      await using service = await startService({ ...BY_DEFAULT, ...options });
      const { id } = await service.create(OWNER, FORMATS);
      await giveLocation(service.deps.db, { id, url, metadata: {} });
      await service.deps.db.write.images.transition({
        id,
        from: ["queued"],
        to: "active",
        columns: {},
        limit: null,
      });
      const before = site.asked.length;
      using log = recordLog();
      const answer = await service.ask(`/v2/images/${id}/file`, OWNER);
      const text = await answer.text();
      assert.equal(answer.status, status, text);
      assert.equal(site.asked.length - before, status === 200 ? 1 : 0);
      if (status === 200) assert.equal(text, DATA);
      else {
        assert.doesNotMatch(text, /127\.0\.0\.1/);
        assert.match(log.lines().join("\n"), /refused: .*(outbound_allowed_networks|allowed_ports)/);
      }
    });
  }
});

Deno.test("a redirect of a location that names a user, or an address in disguise, is not followed", async (t) => {
  await using site = serveCounting();
  let location = "";
  await using redirecting = serveSite(() => new Response(null, { status: 302, headers: { location } }));
  await using service = await startService({
    ...BY_DEFAULT,
    "import_filtering_opts.allowed_ports": "[]",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8",
  });
  for (const host of ["me:secret@127.0.0.1", "2130706433", "127.1"]) {
    await t.step(host, async () => {
      location = `${site.url.replace("127.0.0.1", host)}/data`;
      const { id } = await service.create(OWNER, FORMATS);
      const answer = await patchEntry("add", "/locations/-", (url) => ({ url, metadata: {} }))
        .ask(service, id, redirecting.url);
      assert.equal(answer.status, 400, answer.text);
      assert.doesNotMatch(answer.text, /secret/);
      assert.deepEqual(site.asked, []);
    });
  }
});

Deno.test("a user and password in a location that is given are sent, and are none of the log's business", async () => {
  let credentials: string | null = null;
  await using site = serveSite(({ headers, method }) => {
    credentials = headers.get("authorization");
    return new Response(method === "HEAD" ? null : DATA, {
      headers: { "content-length": String(DATA.length) },
    });
  });
  const open = { ...BY_DEFAULT, "import_filtering_opts.allowed_ports": "[]" };
  await using service = await startService({ ...open, "oneglance.outbound_allowed_networks": "127.0.0.0/8" });
  await using closed = await startService(open);
  const url = site.url.replace("//", "//me:topsecret@");
  const post = async (where: TestService) => {
    const { id } = await where.create(OWNER, FORMATS);
    return await ENTRIES[0]!.ask(where, id, url);
  };
  assert.equal((await post(service)).status, 202);
  assert.equal(credentials, `Basic ${btoa("me:topsecret")}`);
  using log = recordLog("DEBUG");
  assert.equal((await post(closed)).status, 400);
  assert.doesNotMatch(log.lines().join("\n"), /topsecret/);
});

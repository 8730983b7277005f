/** Every way a user can make the service ask a URL, with every kind of address: what is refused, how, and what is reached. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { CAN_NODE } from "../../src/net/node_fetch.ts";
import { giveLocation } from "../support/give_location.ts";
import { FORMATS, nothingUnderWay, outcome, postImport, serveSite } from "../support/imports.ts";
import { recordLog } from "../support/logged.ts";
import { ADMIN, OWNER, startService, type TestService, type Who } from "../support/service.ts";

const DATA = "what stands at the URL";
const ID = "71c675ab-d94f-49cd-a114-e12490b328d9";

/** As a configuration without any list of ours. */
const BY_DEFAULT: Record<string, string> = {
  "glance_store.stores": "file,http",
  "DEFAULT.show_multiple_locations": "true",
  "DEFAULT.enabled_import_methods": "[web-download,glance-download]",
  "DEFAULT.do_secure_hash": "false",
  "oneglance.outbound_allowed_networks": "",
  "import_filtering_opts.allowed_ports": "[80,443]",
};

interface Told {
  /** Of the request; that of a task's end is `task`. */
  status: number;
  text: string;
  task: { status: string; message: string } | null;
}

/** Asks by one way; resolves when nothing goes on any more. */
interface Entry {
  name: string;
  ask(service: TestService, id: string, url: string): Promise<Told>;
  /** What it says of a URL that is refused. */
  refused: { status: number; text: (url: string) => string; task?: string };
  /** Leaves no image of the id that was given. */
  reached: (service: TestService, id: string, told: Told) => Promise<void>;
}

async function told(service: TestService, answer: Response, id?: string): Promise<Told> {
  await service.deps.background.settled();
  const task = id === undefined ? null : (await outcome(service, id)).task ?? null;
  return { status: answer.status, text: await answer.text(), task };
}

const isActive = async (service: TestService, id: string) => {
  const { image } = await outcome(service, id);
  assert.deepEqual([image.status, image.size], ["active", DATA.length]);
  assert.equal(await (await service.ask(`/v2/images/${id}/file`, OWNER)).text(), DATA);
};

const patch = (op: string, path: string, value: (url: string) => unknown): Entry => ({
  name: `PATCH, ${op} ${path}`,
  ask: async (service, id, url) =>
    await told(service, await service.patch(id, OWNER, [{ op, path, value: value(url) }])),
  refused: { status: 400, text: () => "Invalid location" },
  reached: isActive,
});

const ENTRIES: Entry[] = [
  {
    name: "POST locations",
    ask: async (service, id, url) => {
      const answer = await service.ask(`/v2/images/${id}/locations`, OWNER, {
        method: "POST",
        body: { url },
      });
      return await told(service, answer, id);
    },
    refused: { status: 400, text: (url) => `URI for add location does not pass filtering: ${url}` },
    reached: isActive,
  },
  patch("add", "/locations/-", (url) => ({ url, metadata: {} })),
  patch("replace", "/locations", (url) => [{ url, metadata: {} }]),
  {
    name: "web-download",
    ask: async (service, id, uri) =>
      await told(service, await postImport(service, id, { method: { name: "web-download", uri } }), id),
    refused: { status: 400, text: (url) => `URI for web-download does not pass filtering: ${url}` },
    reached: isActive,
  },
  {
    name: "glance-download, whose first request is that of the metadata",
    ask: async (service, id, url) => {
      const endpoints = [{ region: "far", publicURL: url }];
      const catalog = JSON.stringify([{ type: "image", endpoints }]);
      const who: Who = { ...OWNER, headers: { "x-service-catalog": catalog } };
      const method = { name: "glance-download", glance_region: "far", glance_image_id: ID };
      return await told(service, await postImport(service, id, { method }, who), id);
    },
    refused: {
      status: 202,
      text: () => "",
      task: "Processed URI for glance-download does not pass filtering: ",
    },
    reached: isActive,
  },
  {
    name: "legacy import",
    ask: async (service, _id, url) => {
      const input = { import_from: url, import_from_format: "raw", image_properties: FORMATS };
      const answer = await service.ask("/v2/tasks", ADMIN, {
        method: "POST",
        body: { type: "import", input },
      });
      return await told(service, answer);
    },
    refused: { status: 400, text: (url) => `URI for legacy import task does not pass filtering: ${url}` },
    reached: async (service, _id, { text }) => {
      const task = await (await service.ask(`/v2/tasks/${JSON.parse(text).id}`, ADMIN)).json();
      assert.equal(task.status, "success", task.message);
    },
  },
];

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
  await nothingUnderWay(service);
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
      await service.deps.db.write.transitionImage({ id, from: ["queued"], to: "active", columns: {} });
      const before = site.asked.length;
      using log = recordLog();
      const answer = await service.ask(`/v2/images/${id}/file`, OWNER);
      const text = await answer.text();
      assert.equal(answer.status, status, text);
      assert.equal(site.asked.length - before, status === 200 ? 1 : 0);
      if (status === 200) assert.equal(text, DATA);
      else {
        assert.doesNotMatch(text, /127\.0\.0\.1/);
        assert.match(log.lines().join("\n"), /is not asked: .*(outbound_allowed_networks|allowed_ports)/);
      }
    });
  }
});

Deno.test("a redirect of a location that names a user is not followed", async () => {
  await using site = serveCounting();
  await using redirecting = serveSite(() => {
    const location = site.url.replace("//", "//me:secret@") + "/data";
    return new Response(null, { status: 302, headers: { location } });
  });
  await using service = await startService({
    ...BY_DEFAULT,
    "import_filtering_opts.allowed_ports": "[]",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8",
  });
  const { id } = await service.create(OWNER, FORMATS);
  const answer = await patch("add", "/locations/-", (url) => ({ url, metadata: {} }))
    .ask(service, id, redirecting.url);
  assert.equal(answer.status, 400, answer.text);
  assert.doesNotMatch(answer.text, /secret/);
  assert.deepEqual(site.asked, []);
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

// Deno 2.4 decodes it, and says so only of a body with a length.
const ENCODED = CAN_NODE ? ["/whole", "/chunked"] : ["/whole"];

Deno.test(`data that is sent encoded is ${CAN_NODE ? "kept as it was sent" : "refused"}`, async (t) => {
  const packed = gzipSync(DATA);
  await using site = serveSite(({ url, method }) => {
    const chunked = new URL(url).pathname === "/chunked" && method !== "HEAD";
    const length: HeadersInit = chunked ? {} : { "content-length": String(packed.length) };
    const body = method === "HEAD" ? null : chunked ? ReadableStream.from([packed]) : packed;
    return new Response(body, { headers: { "content-encoding": "gzip", ...length } });
  });
  await using service = await startService({
    ...BY_DEFAULT,
    "DEFAULT.do_secure_hash": "true",
    "import_filtering_opts.allowed_ports": "[]",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8",
  });
  for (const entry of ENTRIES.filter(({ name }) => /^(POST|web-download)/.test(name))) {
    for (const path of ENCODED) {
      await t.step(`${entry.name} ${path}`, async () => {
        const { id } = await service.create(OWNER, FORMATS);
        await entry.ask(service, id, `${site.url}${path}`);
        const { image } = await outcome(service, id);
        if (!CAN_NODE) return assert.deepEqual([image.status, image.size], ["queued", null]);
        assert.deepEqual(
          [image.status, image.size, image.checksum],
          ["active", packed.length, createHash("md5").update(packed).digest("hex")],
        );
        const file = await service.ask(`/v2/images/${id}/file`, OWNER);
        assert.deepEqual(await file.bytes(), new Uint8Array(packed));
      });
    }
  }
});

Deno.test("a source larger than image_size_cap", async (t) => {
  const cap = 1000;
  let taken = 0;
  await using site = serveSite(({ url }) => {
    const declared = new URL(url).pathname === "/declared";
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        taken += 100;
        controller.enqueue(new Uint8Array(100));
        if (taken >= 100 * cap) controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, declared ? { headers: { "content-length": String(100 * cap) } } : {});
  });
  await using service = await startService({
    ...BY_DEFAULT,
    "DEFAULT.image_size_cap": String(cap),
    "import_filtering_opts.allowed_ports": "[]",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8",
  });
  for (const path of ["/declared", "/streamed"]) {
    await t.step(`web-download ${path}`, async () => {
      taken = 0;
      const { id } = await service.create(OWNER, FORMATS);
      const { status, task } = await ENTRIES[3]!.ask(service, id, site.url + path);
      assert.deepEqual([status, task!.status], [202, "failure"]);
      assert.match(task!.message, /image_size_cap/);
      const { image } = await outcome(service, id);
      assert.deepEqual([image.status, image.size], ["queued", null]);
      await nothingUnderWay(service);
    });
    await t.step(`legacy import ${path}`, async () => {
      taken = 0;
      const { text } = await ENTRIES[5]!.ask(service, "", site.url + path);
      const task = await (await service.ask(`/v2/tasks/${JSON.parse(text).id}`, ADMIN)).json();
      assert.equal(task.status, "failure");
      assert.match(task.message, /image_size_cap/);
      const { images } = await (await service.ask("/v2/images", ADMIN)).json();
      assert.ok(images.every(({ status }: { status: string }) => status === "queued"));
      await nothingUnderWay(service);
    });
  }
});

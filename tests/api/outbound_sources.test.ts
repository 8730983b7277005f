/** What comes of web servers that are away, encode their data or have too much of it. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { CAN_NODE } from "../../src/net/node_fetch.ts";
import { FORMATS, nothingInProgress, outcome, serveSite } from "../support/imports.ts";
import { deadUrl } from "../support/locations.ts";
import { recordLog } from "../support/logged.ts";
import { BY_DEFAULT, DATA, ENTRIES } from "../support/outbound_entries.ts";
import { ADMIN, OWNER, startService } from "../support/service.ts";

Deno.test("a source that takes no connection: the task fails, and the log says that every address was tried", async () => {
  await using service = await startService({
    ...BY_DEFAULT,
    "import_filtering_opts.allowed_ports": "[]",
    "oneglance.outbound_allowed_networks": "127.0.0.0/8, ::1",
  });
  const { id } = await service.create(OWNER, FORMATS);
  using log = recordLog();
  const { task } = await ENTRIES[3]!.ask(service, id, deadUrl().replace("127.0.0.1", "localhost"));
  assert.equal(task!.status, "failure");
  assert.match(log.lines().join("\n"), /^ERROR .*Exhausted allowed addresses when importing image\. /m);
  await nothingInProgress(service);
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
      await nothingInProgress(service);
    });
    await t.step(`legacy import ${path}`, async () => {
      taken = 0;
      const { text } = await ENTRIES[5]!.ask(service, "", site.url + path);
      const task = await (await service.ask(`/v2/tasks/${JSON.parse(text).id}`, ADMIN)).json();
      assert.equal(task.status, "failure");
      assert.match(task.message, /image_size_cap/);
      const { images } = await (await service.ask("/v2/images", ADMIN)).json();
      assert.ok(images.every(({ status }: { status: string }) => status === "queued"));
      await nothingInProgress(service);
    });
  }
});

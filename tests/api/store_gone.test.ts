/**
 * Staging areas and stores that disappear, or accept no more data, under a running service: the response says that the
 * client may try again, or that there is no room, and the image is as before (docs/reference/images-api.md §2.6.1, §2.7).
 */
import assert from "node:assert/strict";
import { FORMATS, importNow, nothingInProgress, serveSite } from "../support/imports.ts";
import { OVF, tar } from "../support/ova.ts";
import { filesIn, noise, until } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";
import { fedBody } from "../support/stored.ts";
import { mayMount, mountSmall, remountReadOnly, unmount } from "../stores/scratch.ts";

const OCTETS = { "content-type": "application/octet-stream" };
const OPEN = { "import_filtering_opts.allowed_ports": "[]" };
const mounts = await mayMount();

interface Fault {
  what: string;
  /** Does it to a directory. */
  strike(path: string): Promise<void>;
  heal(path: string): Promise<void>;
  status: number;
  text: RegExp;
  /** Needs the right to mount. */
  mounted?: boolean;
}

const GONE =
  /Insufficient permissions on image storage media: The directory for the data, or what was written in it, is gone/;

const FAULTS: Fault[] = [
  {
    what: "gone",
    strike: (path) => Deno.remove(path, { recursive: true }),
    heal: (path) => Deno.mkdir(path),
    status: 503,
    text: GONE,
  },
  {
    what: "a file now",
    async strike(path) {
      await Deno.remove(path, { recursive: true });
      await Deno.writeTextFile(path, "");
    },
    async heal(path) {
      await Deno.remove(path);
      await Deno.mkdir(path);
    },
    status: 503,
    text: GONE,
  },
  {
    what: "read-only",
    async strike(path) {
      await mountSmall(path, "1m");
      await remountReadOnly(path);
    },
    heal: unmount,
    status: 503,
    text: /Insufficient permissions on image storage media: Permission/,
    mounted: true,
  },
  {
    what: "full",
    strike: async (path) => void await mountSmall(path, "64k"),
    heal: unmount,
    status: 413,
    text: /Image storage media is full/,
    mounted: true,
  },
];

const DATA = "x".repeat(200_000);

function put(service: TestService, id: string, what: string, body: unknown = DATA) {
  return service.ask(`/v2/images/${id}/${what}`, OWNER, { method: "PUT", headers: OCTETS, body });
}

async function asBefore(service: TestService, id: string): Promise<void> {
  const image = await (await service.ask(`/v2/images/${id}`, OWNER)).json();
  assert.deepEqual([image.status, image.size, image.checksum], ["queued", null, null]);
  assert.equal(image.os_glance_import_task, undefined);
  await nothingInProgress(service);
  assert.deepEqual(filesIn(`${service.dir}/images`).filter((name) => name.includes(id)), []);
}

for (const [what, folder] of [["stage", "staging"], ["file", "images"]] as const) {
  Deno.test(`PUT ${what} where its directory takes nothing`, async (t) => {
    await using service = await startService();
    const path = `${service.dir}/${folder}`;
    const { id } = await service.create(OWNER, FORMATS);
    for (const fault of FAULTS) {
      await t.step({
        name: `${fault.what} → ${fault.status}`,
        ignore: fault.mounted === true && !mounts,
        async fn() {
          await fault.strike(path);
          try {
            const response = await put(service, id, what);
            assert.match(await response.text(), fault.text);
            assert.equal(response.status, fault.status);
          } finally {
            await fault.heal(path);
          }
          await asBefore(service, id);
        },
      });
    }
    for (const length of [1000, 5 << 20]) {
      await t.step(`gone while data comes, after ${length} bytes → 503`, async () => {
        const body = fedBody();
        const answer = put(service, id, what, body.stream);
        await body.give(new Uint8Array(length));
        await Deno.remove(path, { recursive: true });
        body.end();
        const response = await answer;
        assert.match(await response.text(), GONE);
        assert.equal(response.status, 503);
        await Deno.mkdir(path);
        await asBefore(service, id);
      });
    }
    await t.step("then it works again → 204", async () => {
      assert.equal((await put(service, id, what)).status, 204);
      assert.equal(filesIn(path).length, 1);
    });
  });
}

Deno.test("web-download where the staging area takes nothing: the task says so, the image is queued", async (t) => {
  let left = 0;
  await using site = serveSite(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
        cancel: () => void left++,
      }),
    )
  );
  await using service = await startService(OPEN);
  const path = `${service.dir}/staging`;
  const reasons = [
    /directory for the data, .* is gone/,
    /directory for the data, .* is gone/,
    /Permission/,
    /not enough/,
  ];
  for (const [at, fault] of FAULTS.entries()) {
    await t.step({
      name: fault.what,
      ignore: fault.mounted === true && !mounts,
      async fn() {
        const { id } = await service.create(OWNER, FORMATS);
        await fault.strike(path);
        try {
          const before = left;
          const { task } = await importNow(service, id, { method: { name: "web-download", uri: site.url } });
          assert.equal(task.status, "failure");
          assert.match(task.message, reasons[at]!);
          await until("the source is let go", () => left > before);
        } finally {
          await fault.heal(path);
        }
        await asBefore(service, id);
      },
    });
  }
  await t.step("the legacy import: no image is left", async () => {
    await FAULTS[0]!.strike(path);
    const input = { import_from: site.url, import_from_format: "raw", image_properties: FORMATS };
    const body = { type: "import", input };
    const { id } = await (await service.ask("/v2/tasks", ADMIN, { method: "POST", body })).json();
    await service.deps.background.settled();
    const task = await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
    assert.equal(task.status, "failure");
    assert.match(task.message, reasons[0]!);
    await Deno.mkdir(path);
    await nothingInProgress(service);
    const { images } = await (await service.ask("/v2/images", ADMIN)).json();
    assert.deepEqual(images.filter(({ owner }: { owner: string }) => owner === ADMIN.project), []);
  });
});

Deno.test({
  name: "what an import makes beside the staged data does not fit: the task says so",
  ignore: !mounts,
  async fn(t) {
    const zipped = await new Response(
      new Blob([new Uint8Array(2_000_000)]).stream().pipeThrough(new CompressionStream("gzip")),
    ).bytes();
    let data: Uint8Array<ArrayBuffer> = zipped;
    await using site = serveSite(() => new Response(data));
    await using service = await startService({
      ...OPEN,
      "image_import_opts.image_import_plugins": "[image_decompression]",
    });
    const path = `${service.dir}/staging`;
    await mountSmall(path, "1m");
    try {
      await t.step("plain data of an archive", async () => {
        const { id } = await service.create(OWNER, FORMATS);
        const { task } = await importNow(service, id, { method: { name: "web-download", uri: site.url } });
        assert.equal(task.status, "failure");
        assert.match(task.message, /There is not enough disk space/);
        await asBefore(service, id);
      });
      await t.step("the disk of an OVA", async () => {
        data = tar([["a.ovf", OVF], ["the&disk.img", noise(700_000)]]);
        const image_properties = { disk_format: "raw", container_format: "ova" };
        const input = { import_from: site.url, import_from_format: "raw", image_properties };
        const body = { type: "import", input };
        const { id } = await (await service.ask("/v2/tasks", ADMIN, { method: "POST", body })).json();
        await service.deps.background.settled();
        const task = await (await service.ask(`/v2/tasks/${id}`, ADMIN)).json();
        assert.equal(task.status, "failure");
        assert.match(task.message, /not enough disk space/);
        await nothingInProgress(service);
      });
    } finally {
      await unmount(path);
    }
  },
});

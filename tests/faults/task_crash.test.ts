/**
 * After kill -9 at any step of a legacy import task (docs/reference/tasks-api.md §5.1) its image is complete, or gone with
 * all its bytes, and the task shows the result within one lease.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { findQemuImg, held, type Hold, hold, isDisk, makeHeldQemuImg } from "../support/held_qemu_img.ts";
import { OVF, tar } from "../support/ova.ts";
import { moment, partOf, seen, site, SIZE, STORES, table } from "../support/crash.ts";
import { filesIn, noise, type Served, show, until } from "../support/served.ts";

/** Points at which the source falls silent: before its response, or after so many bytes. */
type Silent = "asked" | number;
/** Points that pass, seen in files or in the API. */
type Passing = "staged" | "storing" | "stored" | "active" | "success" | "undone" | "gone";

const SILENT: Silent[] = ["asked", 0, 1000, SIZE / 2, SIZE - 1];
const ROWS: (Silent | Passing)[] = [
  ...SILENT,
  "staged",
  "storing",
  "stored",
  "active",
  "success",
  "undone",
  "gone",
];
/** After these points the image is complete and stays. */
const WHOLE: unknown[] = ["active", "success"];
/** At these points the image may be complete or not. */
const EITHER: unknown[] = ["staged", "storing", "stored"];

const bytes = noise(SIZE);
/** Returns the files of all stores and of the staging area. */
const files = (dir: string) => STORES.concat("staging").flatMap((name) => filesIn(`${dir}/${name}`));

interface Task {
  id: string;
  status: string;
  message: string;
  result: { image_id: string } | null;
}

/** A task with the name of its image. */
type Named = Task & { name: string };

async function postTask(server: Served, import_from: string, container_format = "bare"): Promise<Named> {
  const name = crypto.randomUUID();
  const image_properties = { name, disk_format: "raw", container_format, kept: "k" };
  const response = await fetch(`${server.url}/v2/tasks`, {
    method: "POST",
    body: JSON.stringify({
      type: "import",
      input: { import_from, import_from_format: "raw", image_properties },
    }),
  });
  assert.equal(response.status, 201);
  return { ...await response.json(), name };
}

const taskOf = async (server: Served, id: string): Promise<Task> =>
  await (await fetch(`${server.url}/v2/tasks/${id}`)).json();

/** Returns the image with that name, or undefined. */
async function imageOf(server: Served, name: string): Promise<Record<string, unknown> | undefined> {
  const { images } = await (await fetch(`${server.url}/v2/images?name=${name}`)).json();
  return images[0];
}

/** Waits for the end of the task and checks that its image is complete, or gone without a trace. */
async function assertEnded(
  server: Served,
  dir: string,
  task: Named,
  holds = (path: string) => Promise.resolve(Buffer.from(Deno.readFileSync(path)).equals(bytes)),
): Promise<boolean> {
  await until("the task has ended", async () => {
    return ["success", "failure"].includes((await taskOf(server, task.id)).status);
  }, 30);
  const { status, message, result } = await taskOf(server, task.id);
  const image = await imageOf(server, task.name);
  // Tasks that shared the kill may still be in progress.
  await until("every file is an image's", async () => {
    const { images } = await (await fetch(`${server.url}/v2/images`)).json();
    const ids = images.map(({ id }: { id: string }) => id);
    return files(dir).toSorted().join() === ids.toSorted().join();
  }, 30);
  if (status === "failure") {
    assert.equal(image, undefined);
    assert.match(message, /was ended while it worked on the task|The source ended early/);
    assert.equal(result, null);
    return false;
  }
  assert.deepEqual(result, { image_id: image?.id });
  const { kept, os_glance_import_task, os_glance_importing_to_stores: left } = image!;
  assert.deepEqual(
    [image!.status, image!.container_format, kept, os_glance_import_task, left],
    ["active", "bare", "k", undefined, ""],
  );
  const path = `${dir}/a/${image!.id}`;
  assert.equal(image!.size, Deno.statSync(path).size);
  assert.ok(await holds(path), "other data");
  return true;
}

/** Waits until the process reaches a point that passes. */
async function passes(server: Served, dir: string, task: Named, id: string, at: Passing) {
  const staged = () => filesIn(`${dir}/staging`).filter((name) => name.includes(id));
  const stored = () => filesIn(`${dir}/a`).filter((name) => name.includes(id));
  await seen(at, async () => {
    switch (at) {
      case "staged":
        return staged().includes(id);
      case "storing":
        return stored().length > 0;
      case "stored":
        return stored().includes(id);
      case "active":
        return (await show(server.url, id)).status === "active";
      case "success":
        return (await taskOf(server, task.id)).status === "success";
      case "undone":
        return staged().length === 0;
      case "gone":
        return await imageOf(server, task.name) === undefined;
    }
  });
}

async function waitForImage(server: Served, name: string): Promise<{ id: string }> {
  await seen("the image", async () => await imageOf(server, name) !== undefined);
  return await imageOf(server, name) as { id: string };
}

Deno.test("kill -9 in a legacy import", async (t) => {
  await table(
    t,
    ROWS,
    (at) => typeof at === "number" ? `after ${at} bytes` : at,
    async (server, dir, at) => {
      const fails = at === "undone" || at === "gone";
      const { reached, promise } = moment();
      const go = Promise.withResolvers<void>();
      let asked = 0;
      const source = site(async () => {
        if (asked++ > 0) return new Response(bytes);
        reached();
        if (at === "asked") await new Promise(() => {});
        if (typeof at === "number") return partOf(bytes, at, () => {});
        const headers = { "content-length": String(SIZE) };
        return new Response(ReadableStream.from(parts(go.promise, fails)), { headers });
      });
      const task = await postTask(server, source.url);
      await promise;
      if (at !== "asked") {
        const { id } = await waitForImage(server, task.name);
        const has = typeof at === "number" ? at : SIZE / 2;
        await seen(`${has} bytes are staged`, () => stagedBytes(dir, id) === has);
        const passing = typeof at === "number" ? null : passes(server, dir, task, id, at);
        go.resolve();
        await passing;
      }
      return async (again) => {
        const whole = await assertEnded(again, dir, task);
        if (!EITHER.includes(at)) assert.equal(whole, WHOLE.includes(at));
        assert.equal(asked, 1, "what was made of half the data is not made again");
        if (!whole) assert.ok(await assertEnded(again, dir, await postTask(again, source.url)));
        await source.close();
      };
    },
    { together: (at) => (SILENT as unknown[]).includes(at) ? "lasts" : at },
  );
});

Deno.test("kill -9 while a legacy import waits for its turn: the next process runs it", async (t) => {
  await table(
    t,
    ["behind one that has half of its data"],
    (row) => row,
    async (server, dir) => {
      let first = 0;
      const silent = site(() => {
        first++;
        return partOf(bytes, SIZE / 2, () => {});
      });
      let second = 0;
      const source = site(() => {
        second++;
        return new Response(bytes);
      });
      const ahead = await postTask(server, silent.url);
      const waiting = await postTask(server, source.url);
      const { id } = await waitForImage(server, ahead.name);
      await seen("half is staged", () => stagedBytes(dir, id) === SIZE / 2);
      assert.equal((await taskOf(server, waiting.id)).status, "pending");
      return async (again) => {
        await until(
          "the other has ended",
          async () => (await taskOf(again, waiting.id)).status === "success",
        );
        assert.equal(await assertEnded(again, dir, ahead), false);
        assert.equal(await assertEnded(again, dir, waiting), true);
        assert.deepEqual([first, second], [1, 1]);
        await silent.close();
        await source.close();
      };
    },
    { set: () => ({ OS_TASKFLOW_EXECUTOR__MAX_WORKERS: "1" }) },
  );
});

const qemuImg = await findQemuImg();

Deno.test({
  name: "kill -9 while a legacy import converts the disk of an OVA (needs qemu-img, of qemu-utils)",
  ignore: qemuImg === null,
}, async (t) => {
  const archive = tar([["a.ovf", OVF], ["the&disk.img", bytes]]);
  const holds = (path: string) => isDisk(qemuImg!, path, bytes);
  await table<Hold | "extracting" | "converted">(
    t,
    ["info", "half", "whole", "extracting", "converted"],
    (at) => at,
    async (server, dir, at) => {
      const bin = `${dir}/bin`;
      await makeHeldQemuImg(bin, qemuImg!);
      const go = Promise.withResolvers<void>();
      const source = site(async () => {
        await go.promise;
        return new Response(archive);
      });
      const task = await postTask(server, source.url, "ova");
      const { id } = await waitForImage(server, task.name);
      const staged = () => filesIn(`${dir}/staging`);
      const lasts = at !== "extracting" && at !== "converted";
      if (lasts) await hold(bin, id, at);
      go.resolve();
      if (lasts) await held(bin, id);
      else {
        await seen(
          at,
          () =>
            at === "extracting"
              ? staged().includes(`${id}.extracted`)
              : staged().includes(`${id}.qcow2`) && !staged().includes(id),
        );
      }
      return async (again) => {
        const whole = await assertEnded(again, dir, task, holds);
        if (at !== "extracting" && at !== "converted") assert.equal(whole, false);
        if (at === "whole") {
          assert.ok(await assertEnded(again, dir, await postTask(again, source.url, "ova"), holds));
        }
        await source.close();
      };
    },
    {
      set: (dir) => ({
        PATH: `${dir}/bin:${Deno.env.get("PATH")}`,
        OS_TASKFLOW_EXECUTOR__CONVERSION_FORMAT: "qcow2",
      }),
      together: (at) => at === "extracting" || at === "converted" ? at : "lasts",
    },
  );
});

/** Returns the size of an image's staged file; -1 when there is none. */
function stagedBytes(dir: string, id: string): number {
  const name = filesIn(`${dir}/staging`).find((each) => each.includes(id));
  return name === undefined ? -1 : Deno.statSync(`${dir}/staging/${name}`).size;
}

/** Yields half of the data; after `go` the rest, or with `fails` an early end. */
async function* parts(go: Promise<void>, fails: boolean): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, SIZE / 2);
  await go;
  if (!fails) yield bytes.subarray(SIZE / 2);
}

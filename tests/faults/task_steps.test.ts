/**
 * Two tests for every step of every kind of task. The step fails after its work is done: nothing is left, and the image
 * is as before. The step runs twice, as after a crash before its end was recorded: the result is that of one run.
 */
import assert from "node:assert/strict";
import type { Step, TaskKind } from "../../src/tasks/runner.ts";
import {
  FORMATS,
  nothingInProgress,
  postImport,
  serveSite,
  type Site,
  stage,
  THREE_STORES,
} from "../support/imports.ts";
import { WEB_DATA } from "../support/locations.ts";
import { filesIn } from "../support/served.ts";
import { ADMIN, OWNER, startService, type TestService } from "../support/service.ts";

/** The image after a failed step. */
type Fate = "as before" | "as before, with the location" | "active" | "gone";

interface Row {
  type: TaskKind["type"];
  /** The steps that have work to do, in order. */
  steps: Record<string, Fate>;
  /** Creates the image as it is before the task, and returns its id; absent when the task creates it. */
  before?(service: TestService): Promise<string>;
  /** Starts the task. */
  start(service: TestService, url: string, id: string): Promise<Response>;
}

const ATTRIBUTES = { ...FORMATS, added: "by the owner", kept: "by the owner" };
const REMOTE = {
  id: crypto.randomUUID(),
  status: "active",
  size: WEB_DATA.length,
  disk_format: "iso",
  container_format: "compressed",
  hw_a: "x",
};

const queued = async (service: TestService) => (await service.create(OWNER, ATTRIBUTES)).id;

async function active(service: TestService): Promise<string> {
  const id = await queued(service);
  await service.upload(id, OWNER, WEB_DATA);
  return id;
}

const importFrom =
  (method: Record<string, unknown>, stores = ["a", "b"], who = OWNER): Row["start"] => (service, url, id) => {
    const endpoints = [{ region: "far", publicURL: url }];
    const catalog = { "x-service-catalog": JSON.stringify([{ type: "image", endpoints }]) };
    const uri = method.name === "web-download" ? { uri: url } : {};
    return postImport(service, id, { method: { ...method, ...uri }, stores }, who, catalog);
  };

const locate = (validation_data?: Record<string, string>): Row["start"] => (service, url, id) =>
  service.ask(`/v2/images/${id}/locations`, OWNER, { method: "POST", body: { url, validation_data } });

const BRING: Record<string, Fate> = {
  stage: "as before",
  plugins: "as before",
  inspect: "as before",
  signature: "as before",
  // The first store makes the image active; users may use it from then on.
  write: "active",
  unstage: "active",
};

const ROWS: Record<string, Row> = {
  "glance-direct": {
    type: "api_image_import",
    steps: { begin: "as before", ...BRING },
    before: queued,
    async start(service, url, id) {
      await stage(service, id, WEB_DATA);
      return await importFrom({ name: "glance-direct" })(service, url, id);
    },
  },
  "web-download": {
    type: "api_image_import",
    steps: { begin: "as before", ...BRING },
    before: queued,
    start: importFrom({ name: "web-download" }),
  },
  "glance-download": {
    type: "api_image_import",
    steps: { begin: "as before", remote: "as before", ...BRING },
    before: queued,
    start: importFrom({ name: "glance-download", glance_region: "far", glance_image_id: REMOTE.id }),
  },
  "copy-image": {
    type: "api_image_import",
    steps: { begin: "as before", copy: "as before" },
    before: active,
    start: importFrom({ name: "copy-image" }, ["b", "c"], ADMIN),
  },
  "import task": {
    type: "import",
    steps: {
      create: "gone",
      stage: "gone",
      disk: "gone",
      inspect: "gone",
      signature: "gone",
      write: "gone",
      unstage: "gone",
    },
    start(service, url) {
      const image_properties = { name: "imported", ...FORMATS };
      const input = { import_from: url, import_from_format: "raw", image_properties };
      return service.ask("/v2/tasks", ADMIN, { method: "POST", body: { type: "import", input } });
    },
  },
  "a location": {
    type: "location_import",
    steps: { save: "active", hash: "active" },
    before: queued,
    start: locate(),
  },
  "a location with its hash": {
    type: "location_import",
    // Upstream keeps an http location on an image that returns to queued.
    steps: { save: "as before, with the location", verify: "active" },
    before: queued,
    start: locate({ os_hash_algo: "md5", os_hash_value: "781e5e245d69b566979b86e28d23f2c7" }),
  },
};

/** Serves the other region's service, and the same data at all other paths. */
function serveSource(): Site {
  return serveSite(({ url, method }) => {
    if (url.endsWith(`/v2/images/${REMOTE.id}`)) return Response.json(REMOTE);
    const headers = { "content-length": String(WEB_DATA.length) };
    return new Response(method === "HEAD" ? null : WEB_DATA, { headers });
  });
}

function serviceFor(): Promise<TestService> {
  return startService({
    ...THREE_STORES,
    "DEFAULT.enabled_backends": "a:file,b:file,c:file,web:http",
    "DEFAULT.enabled_import_methods": "[glance-direct,web-download,glance-download,copy-image]",
    "glance_download_properties.extra_properties": "[hw_]",
    "image_import_opts.image_import_plugins": "[inject_image_metadata]",
    "inject_metadata_properties.inject": "added:by-plugin,new:by-plugin",
  });
}

type AnyStep = Step<{ imageId: string }, object>;

/** Replaces the steps of a kind until the test disposes of the result. */
function replaceSteps(
  service: TestService,
  type: TaskKind["type"],
  change: (step: AnyStep) => AnyStep,
): Disposable {
  const { deps } = service;
  const kinds = deps.taskKinds;
  deps.taskKinds = kinds.map((kind) =>
    kind.type === type ? { ...kind, steps: (input) => kind.steps(input).map(change) } : kind
  );
  return { [Symbol.dispose]: () => void (deps.taskKinds = kinds) };
}

/** Returns what a user sees of an image, except its id and times, and the image's files. */
async function seen(service: TestService, id: string) {
  const response = await service.ask(`/v2/images/${id}`, ADMIN);
  const {
    created_at: _created,
    updated_at: _updated,
    os_glance_failed_import: _failed,
    os_glance_importing_to_stores: _importing,
    ...image
  } = response.status === 404 ? {} : await response.json();
  const row = await service.deps.db.read.images.show({ id, viewer: { isAdmin: true, projectId: null } });
  assert.equal(row?.properties.os_glance_import_task, undefined, "the lock is free");
  const files = ["a", "b", "c", "staging"].map((store) => [
    store,
    filesIn(`${service.dir}/${store}`).filter((name) => name.includes(id)).length,
  ]);
  return JSON.parse(JSON.stringify({ image, files: Object.fromEntries(files) }).replaceAll(id, "ID"));
}

interface Outcome {
  before: unknown;
  after: Awaited<ReturnType<typeof seen>>;
  status: string;
  message: string;
  ran: string[];
}

async function tasks(service: TestService): Promise<{ id: string }[]> {
  return (await (await service.ask("/v2/tasks?limit=1000", ADMIN)).json()).tasks;
}

/** Runs the task of a row on a new image, with its steps changed by `change`. */
async function run(
  service: TestService,
  row: Row,
  url: string,
  change: (step: AnyStep) => AnyStep,
): Promise<Outcome> {
  const ran: string[] = [];
  let id = await row.before?.(service) ?? "";
  const before = id === "" ? null : await seen(service, id);
  using _steps = replaceSteps(service, row.type, (step) => {
    const changed = change(step);
    return {
      ...changed,
      run: (task, state) => {
        ran.push(step.name);
        id = state.imageId;
        return changed.run(task, state);
      },
    };
  });
  const earlier = new Set((await tasks(service)).map((task) => task.id));
  const response = await row.start(service, url, id);
  assert.ok(response.ok, await response.text());
  await service.deps.background.settled();
  await nothingInProgress(service);
  const after = await seen(service, id);
  // The newest need not be the first: on MariaDB, tasks of one second are sorted by their ids.
  const made = (await tasks(service)).find((task) => !earlier.has(task.id))!;
  const task = await (await service.ask(`/v2/tasks/${made.id}`, ADMIN)).json();
  return { before, after, status: task.status, message: task.message, ran };
}

for (const [name, row] of Object.entries(ROWS)) {
  const steps = Object.keys(row.steps);

  Deno.test(`${name}: nothing is left of a task that fails after any of its steps`, async (t) => {
    await using site = serveSource();
    await using service = await serviceFor();
    const plain = await run(service, row, site.url, (step) => step);
    assert.deepEqual([plain.status, plain.ran], ["success", steps], plain.message);
    for (const failing of steps) {
      await t.step(`${failing}: ${row.steps[failing]}`, async () => {
        let failed = 0;
        const { before, after, status, ran } = await run(service, row, site.url, (step) => ({
          ...step,
          async run(task, state) {
            const added = await step.run(task, state);
            if (step.name !== failing) return added;
            failed++;
            throw new Error("It fails here.");
          },
        }));
        assert.deepEqual([failed, status], [1, "failure"]);
        assert.deepEqual(ran, steps.slice(0, steps.indexOf(failing) + 1));
        if (row.steps[failing] === "as before") assert.deepEqual(after, before);
        else if (row.steps[failing] === "as before, with the location") {
          const { stores, ...image } = after.image;
          assert.deepEqual([{ ...after, image }, stores], [before, "web"]);
        } else if (row.steps[failing] === "gone") {
          assert.deepEqual(after, { image: {}, files: { a: 0, b: 0, c: 0, staging: 0 } });
        } else {
          const { status, ...files } = { status: after.image.status, ...after.files };
          assert.deepEqual([status, files], ["active", plain.after.files]);
        }
      });
    }
  });

  Deno.test(`${name}: each step can run twice`, async (t) => {
    await using site = serveSource();
    await using service = await serviceFor();
    const plain = await run(service, row, site.url, (step) => step);
    for (const repeated of steps) {
      await t.step(repeated, async () => {
        const { after, status, message } = await run(service, row, site.url, (step) => ({
          ...step,
          async run(task, state) {
            // The result of the first run is lost, as in a crash.
            if (step.name === repeated) await step.run(task, state);
            return await step.run(task, state);
          },
        }));
        assert.equal(status, "success", message);
        assert.deepEqual(after, plain.after);
      });
    }
  });
}
